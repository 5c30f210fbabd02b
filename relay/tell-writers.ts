import { writeRecordLimit } from '../outbox/write-record-limit.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';

/** Milliseconds between two tellings, since the writers count a week-old one no more; and after one that failed. */
const [EVERY, AGAIN] = [3_600_000, 60_000];

/** Tells the writers' `readRecordLimit` what the stream takes, until `signal` aborts. Never rejects. */
export async function tellWriters(
  { database, log }: { readonly database: Database; readonly log: Log },
  { stream, recordBytes }: { readonly stream: string; readonly recordBytes: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const told = await writeRecordLimit(database, stream, recordBytes).then(
      () => true,
      (error: unknown) => void log.warn({ err: error }, 'writers can’t be told what the stream takes'),
    );
    await wait(told ? EVERY : AGAIN, signal);
  }
}
