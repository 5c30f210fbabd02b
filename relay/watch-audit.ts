import { readCompleteness, type CompletenessReport } from '../outbox/completeness/read-completeness.ts';
import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';

/** Milliseconds between two looks. */
const EVERY = 30_000;

/** Tells what the audit has found, now and twice a minute, until `stop` aborts; undefined while the database doesn't say. Never rejects. */
export async function watchAudit(
  database: Database,
  tell: (report: CompletenessReport | undefined) => void,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    tell(await readCompleteness(database).catch(() => undefined));
    await wait(EVERY, stop);
  }
}
