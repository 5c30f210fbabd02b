import type { Database } from '../runtime/database.ts';
import { BUCKETS } from './event.ts';
import { runStatement } from './run-statement.ts';

/** Rows that one statement sets pending. */
const AT_ONCE = 200;

/**
 * Resumes a type: from now on no event of it is parked as paused, and those that are become pending again, in small
 * batches, bucket by bucket; at most one of a key is, with its successors waiting behind it, so that order is kept.
 * Called again, it goes on where a call broke off. Returns whether the type was paused, and how many events go on.
 */
export async function resumeType(
  database: Database,
  type: string,
  by: string,
): Promise<{ readonly paused: boolean; readonly resumed: number }> {
  const { affected } = await runStatement(
    database,
    'UPDATE banyan_outbox_pause SET resumed_at = CURRENT_TIMESTAMP(6), resumed_by = ? WHERE active = ?',
    [by, type],
  );
  let resumed = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    for (let more = true; more;) {
      const { rows } = await runStatement<{ id: number | string }>(
        database,
        `SELECT id FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
          WHERE state = 'parked' AND bucket = ? AND parked_kind = 'paused' AND type = ? ORDER BY id LIMIT ${AT_ONCE}`,
        [bucket, type],
      );
      more = rows.length === AT_ONCE;
      if (rows.length > 0) resumed += await setPending(database, rows);
    }
  }
  return { paused: affected === 1, resumed };
}

/** By primary key, as in settle.ts. */
async function setPending(database: Database, rows: readonly { id: number | string }[]): Promise<number> {
  const { affected } = await runStatement(
    database,
    `UPDATE (SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(rows.length - 1)}) v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
        SET o.state = 'pending', o.parked_reason = NULL, o.parked_kind = NULL, o.parked_at = NULL
      WHERE o.state = 'parked' AND o.parked_kind = 'paused'`,
    rows.map(({ id }) => id),
  );
  return affected;
}
