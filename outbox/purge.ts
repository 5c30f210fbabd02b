import type { Database } from '../runtime/database.ts';
import { appendedAt, CLOCKS } from './appended-at.ts';
import { deleteSettled } from './delete-settled.ts';
import { OUTCOME, RECEIPT, SETTLED_AT } from './receipt.ts';
import { runStatement } from './run-statement.ts';

/**
 * Milliseconds that skipped events are kept at least, 30 days: a policy has passed them over, and somebody may want to
 * see them or send them yet.
 */
export const SKIPPED_KEPT = 30 * 86_400_000;

export interface PurgePage {
  readonly deleted: number;
  /**
   * The last id looked at; where the bucket's next page begins, also when nothing of this one was due. Undefined
   * when nothing behind it can be due.
   */
  readonly next: number | string | undefined;
}

/**
 * Deletes settled rows of one bucket that were settled more than `retention` milliseconds ago, looking at most at
 * `size` rows after id `after`. Never touches pending or parked rows, nor skipped ones younger than SKIPPED_KEPT. The rows are found by a read without
 * locks and deleted by primary key, with their receipts, in a short transaction.
 *
 * Rows with low ids may have been settled late, so a page without a due row doesn't end a bucket. But no row is
 * settled before it is appended, and rows are appended nearly in id order: once a page has nothing due and
 * ends with a row that was appended within the retention, what comes behind it isn't due either.
 */
export async function purgePage(
  database: Database,
  {
    bucket,
    after,
    retention,
    size,
  }: { bucket: number; after: number | string; retention: number; size: number },
): Promise<PurgePage> {
  const { rows } = await runStatement<{ id: number | string; due: number; old: number }>(
    database,
    `SELECT o.id, ${SETTLED_AT} < CURRENT_TIMESTAMP(6) - INTERVAL IF(${OUTCOME} = 'skipped', ?, ?) MICROSECOND AS due,
            ${appendedAt('o')} < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND AS old
       FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket) JOIN ${CLOCKS} ${RECEIPT}
      WHERE o.state = 'settled' AND o.bucket = ? AND o.id > ? ORDER BY o.id LIMIT ?`,
    [Math.max(retention, SKIPPED_KEPT) * 1_000, retention * 1_000, retention * 1_000, bucket, after, size],
  );
  const due = rows.filter((row) => row.due === 1).map(({ id }) => id);
  const last = rows.at(-1);
  const over = rows.length < size || (due.length === 0 && last?.old !== 1);
  const next = over ? undefined : last?.id;
  return { deleted: await deleteSettled(database, due), next };
}
