import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

export interface PurgePage {
  readonly deleted: number;
  /** The last id looked at; where the bucket's next page begins. Undefined when nothing more is due in the bucket. */
  readonly next: number | string | undefined;
}

/**
 * Deletes settled rows of one bucket that were settled more than `retention` milliseconds ago, looking at most at
 * `size` rows after id `after`. Never touches pending or parked rows. The rows are found by a read without
 * locks and deleted by primary key (see settle.ts) in a statement that commits by itself.
 *
 * A bucket is settled nearly in id order, so a page without a due row ends it; a straggler waits for the next run.
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
  const { rows } = await runStatement<{ id: number | string; due: number }>(
    database,
    `SELECT id, settled_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND AS due
       FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
      WHERE state = 'settled' AND bucket = ? AND id > ? ORDER BY id LIMIT ?`,
    [retention * 1_000, bucket, after, size],
  );
  const due = rows.filter((row) => row.due === 1).map(({ id }) => id);
  if (due.length === 0) return { deleted: 0, next: undefined };
  const { affected } = await runStatement(
    database,
    `DELETE o FROM (SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(due.length - 1)}) v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
      WHERE o.state = 'settled'`,
    due,
  );
  return { deleted: affected, next: rows.length < size ? undefined : rows.at(-1)?.id };
}
