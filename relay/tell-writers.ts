import { writeRecordLimit } from '../outbox/write-record-limit.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';

/** Milliseconds between two tellings of the same, since the writers count a week-old one no more. */
const EVERY = 3_600_000;

export type TellWriters = ReturnType<typeof tellWriters>;

/**
 * Tells the writers' `readRecordLimit` what a stream takes, called each time that it was read: what is new at once, what
 * is known once an hour. Never rejects; what could not be told is told the next time.
 */
export function tellWriters({ database, log }: { readonly database: Database; readonly log: Log }) {
  const told = new Map<string, { readonly recordBytes: number; readonly at: number }>();
  return async (stream: string, recordBytes: number): Promise<void> => {
    const last = told.get(stream);
    const at = performance.now();
    if (last?.recordBytes === recordBytes && at - last.at < EVERY) return;
    try {
      await writeRecordLimit(database, stream, recordBytes);
      told.set(stream, { recordBytes, at });
    } catch (error) {
      log.warn({ err: error }, 'writers can’t be told what the stream takes');
    }
  };
}
