import { readPurgeOverdue } from '../outbox/purge-overdue.ts';
import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';

/** Milliseconds between two looks. */
const EVERY = 10_000;

/**
 * Tells, now and every ten seconds, by how many milliseconds settled rows have outlived the retention, until `stop`
 * aborts; NaN while the database doesn't say. Never rejects.
 */
export async function watchPurge(
  { database, retention }: { readonly database: Database; readonly retention: number },
  tell: (overdue: number) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    tell(await readPurgeOverdue(database, retention).catch(() => Number.NaN));
    await wait(EVERY, stop);
  }
}
