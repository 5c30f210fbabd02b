import type { Database } from '../runtime/database.ts';
import { BUCKETS } from './event.ts';
import { OUTCOME, RECEIPT, SETTLED_AT } from './receipt.ts';
import { runStatement } from './run-statement.ts';

/**
 * By how many milliseconds the first settled row of a bucket has outlived `retention`, the greatest over all buckets; 0
 * if none has. Buckets are settled nearly in id order, so the first row is nearly the oldest; it takes one index
 * entry a bucket, however many rows there are. Skipped events, which are kept for longer, are passed over.
 */
export async function readPurgeOverdue(
  database: Database,
  retention: number,
  timeout = 2_000,
): Promise<number> {
  // A statement a bucket, and not GROUP BY bucket: for that both optimizers read every settled row (seen on both).
  const firsts = Array.from(
    { length: BUCKETS },
    (_, bucket) =>
      `(SELECT ${SETTLED_AT} AS settled_at FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket) ${RECEIPT}
         WHERE o.state = 'settled' AND o.bucket = ${bucket} AND COALESCE(${OUTCOME} <> 'skipped', TRUE)
         ORDER BY o.id LIMIT 1)`,
  );
  const { rows } = await runStatement<{ age: number | null }>(
    database,
    `SELECT MAX(TIMESTAMPDIFF(MICROSECOND, settled_at, SYSDATE(6))) AS age FROM (${firsts.join(' UNION ALL ')}) f`,
    [],
    timeout,
  );
  return Math.max(0, Number(rows[0]?.age ?? 0) / 1_000 - retention);
}
