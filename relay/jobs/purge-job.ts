import { BUCKETS } from '../../outbox/event.ts';
import { forgetAuditPage } from '../../outbox/operator/forget-audit.ts';
import { forgetOrders } from '../../outbox/operator/forget-orders.ts';
import { purgePage } from '../../outbox/purge.ts';
import type { Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import type { JobRun } from './run-job.ts';

/** Rows looked at by one statement. */
const PAGE = 500;
/** Pages of a bucket without a due row after which a run leaves the rest of the bucket to the next one. */
const MOST_IN_VAIN = 20;

/** Where the next run goes on in a bucket that a run has left, by bucket; kept in memory, because it only saves work. */
type Marks = Map<number, number | string>;

export type PurgeProgress = {
  /** Buckets looked through. */
  readonly buckets: number;
  readonly deleted: number;
  /** Old entries of the audit of what was done by hand that were deleted; left out when there were none. */
  readonly audit?: number;
};

/**
 * The job that purges settled rows older than `retention` milliseconds, and the audit of what was done by hand. A run that was cut off is taken up by the
 * next: what is due is seen from the rows alone. `onPurged` gets the number of rows of each page that were deleted.
 */
export function purgeJob(options: {
  readonly database: Database;
  readonly retention: number;
  readonly onPurged: (rows: number) => void;
}): (run: JobRun) => Promise<PurgeProgress> {
  const marks: Marks = new Map();
  return (run) => purge(run, { ...options, marks });
}

/** Looks through all buckets in small pages, resting as long as it worked. Returns how many rows it deleted. */
async function purge(
  { stop, progress }: JobRun,
  {
    database,
    retention,
    marks,
    onPurged,
  }: { database: Database; retention: number; marks: Marks; onPurged: (rows: number) => void },
): Promise<PurgeProgress> {
  let deleted = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    let after: number | string | undefined = marks.get(bucket) ?? 0;
    marks.delete(bucket);
    for (let inVain = 0; after !== undefined && inVain < MOST_IN_VAIN;) {
      if (stop.aborted) return { buckets: bucket, deleted };
      const began = performance.now();
      const page = await purgePage(database, { bucket, after, retention, size: PAGE });
      deleted += page.deleted;
      after = page.next;
      if (page.deleted > 0) {
        inVain = 0;
        onPurged(page.deleted);
        await progress({ buckets: bucket, deleted } satisfies PurgeProgress);
      } else inVain += 1;
      if (page.deleted > 0 || after !== undefined) await wait(Math.max(5, performance.now() - began), stop);
    }
    if (after !== undefined) marks.set(bucket, after);
  }
  const audit = await purgeAudit(database, stop);
  await forgetOrders(database);
  const done: PurgeProgress = { buckets: BUCKETS, deleted, ...(audit > 0 ? { audit } : {}) };
  await progress(done);
  return done;
}

/** Deletes the entries of the audit that are due, resting likewise. Returns how many. */
async function purgeAudit(database: Database, stop: AbortSignal): Promise<number> {
  let deleted = 0;
  for (let after: number | string | undefined = 0; after !== undefined && !stop.aborted;) {
    const began = performance.now();
    const page = await forgetAuditPage(database, { after, size: PAGE });
    deleted += page.deleted;
    after = page.next;
    if (after !== undefined) await wait(Math.max(5, performance.now() - began), stop);
  }
  return deleted;
}
