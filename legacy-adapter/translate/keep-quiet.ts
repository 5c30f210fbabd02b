import type { Translate } from './row-change.ts';

/**
 * The translation of a capture with personal columns: of what it throws only the kind of error is kept, because the
 * message may quote the row, and would stand in the log and in the table as the reason that the event is parked with.
 */
export function keepQuiet(translate: Translate): Translate {
  return (change, key) => {
    try {
      return translate(change, key);
    } catch (error) {
      const kind = error instanceof Error ? error.constructor.name : typeof error;
      // Without a cause: a logger would print its message.
      // oxlint-disable-next-line preserve-caught-error
      throw new Error(`${kind}; what it said is not kept, because columns of it are personal`);
    }
  };
}
