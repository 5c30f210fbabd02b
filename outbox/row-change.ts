/**
 * What a capture trigger appends: the change of one row of a legacy table, as event type
 * `row.<capture>.<op>` (`row.catalogue.update`), keyed by the capture's aggregate and the row's key.
 */
export interface RowChange {
  readonly op: 'insert' | 'update' | 'delete';
  readonly table: string;
  /** The captured columns before the change; null for an insert. */
  readonly before: Readonly<Record<string, unknown>> | null;
  /** The captured columns after the change; null for a delete. */
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** A domain event made from a row change. It keeps the row event's id, time and key, so that order stays. */
export interface Translation {
  readonly type: string;
  readonly data: unknown;
}

/** Turns a row change into a domain event, or into undefined when it means nothing outside the monolith. Pure. */
export type Translate = (
  change: RowChange,
  key: { aggregateType: string; aggregateId: string },
) => Translation | undefined;

/** `catalogue` of `row.catalogue.update`; undefined for any other event type. */
export function captureOf(type: string): string | undefined {
  return /^row\.([a-z][a-z0-9-]*)\.(insert|update|delete)$/.exec(type)?.[1];
}
