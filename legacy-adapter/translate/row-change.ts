import type { RowChange as AppendedChange, Translation } from '../../outbox/row-change.ts';

/** The change of one row, as a translation gets it. */
export interface RowChange extends AppendedChange {
  /**
   * Captured columns that are missing in both images: with them the row was too large for the server's
   * max_allowed_packet, or its JSON nested too deeply. Undefined when nothing is missing.
   */
  readonly omitted?: readonly string[];
}

/**
 * Turns a row change into a domain event, or into undefined when it means nothing outside the monolith. Pure. What it
 * throws is the reason that the event is parked with.
 */
export type Translate = (
  change: RowChange,
  key: { aggregateType: string; aggregateId: string },
) => Translation | undefined;

/**
 * The translation with a guard: reading a column that the event leaves out throws. So one that needs the column
 * has the event parked with the reason, however it reads it, and one that doesn't goes on.
 */
export function guardOmitted(translate: Translate): Translate {
  return (change, key) => {
    for (const column of change.omitted ?? [])
      for (const image of [change.before, change.after])
        if (image) Object.defineProperty(image, column, { enumerable: true, get: () => refuse(column) });
    return translate(change, key);
  };
}

function refuse(column: string): never {
  throw new Error(
    `the event leaves out '${column}': with it the row was too large to be captured, or its JSON nested too deeply`,
  );
}
