import type { Database } from '../runtime/database.ts';
import type { OutboxRow } from './envelope.ts';
import { runStatement } from './run-statement.ts';

/** What to read of one bucket. */
export interface BucketClaim {
  readonly bucket: number;
  /** Keys that the relay has in memory: their rows are left out. */
  readonly without: readonly string[];
  /** Most rows to read. */
  readonly limit: number;
}

/**
 * Reads the first pending rows of each bucket, in id order; locks and changes nothing.
 *
 * Pending is a state, never a cursor: ids become visible in commit order, not in their own, so a reader that
 * goes on from its last id loses the row that commits late (reproduced on MariaDB 10.11). SKIP LOCKED over
 * rows inverts a key in a single statement (reproduced on both databases).
 *
 * Why order per key holds: one statement is one consistent read. A writer holds its aggregate's lock from
 * before the INSERT to after the commit, so within a key ids are in commit order and a visible row
 * implies that all earlier rows of its key are visible. Cut off by LIMIT in id order, what is read of a key
 * is therefore a prefix of its pending rows. A key with rows in memory is left out as a whole, by name and
 * not by an id range, until its last row is settled; so its next rows are read only when
 * they are its first pending ones. A key with a parked row waits, and is left out too, so that neither
 * occupies the window.
 *
 * The index is forced: with `ORDER BY id LIMIT` both optimizers may choose the primary key, and would read
 * through all settled rows. Keys are compared as bytes: these collations take 'a' and 'a ' for the same.
 */
export async function claimBatch(database: Database, claims: readonly BucketClaim[]): Promise<OutboxRow[]> {
  if (claims.length === 0) return [];
  const values: unknown[] = [];
  const selects = claims.map(({ bucket, without, limit }) => {
    values.push(bucket, ...(without.length > 0 ? [without] : []), bucket, limit);
    return `(SELECT id, event_id, source, type, aggregate_type, aggregate_id, partition_key, bucket,
       occurred_at, data, extensions, appended_at
  FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket)
 WHERE state = 'pending' AND bucket = ? ${without.length > 0 ? 'AND CAST(partition_key AS BINARY) NOT IN (?)' : ''}
   AND NOT EXISTS (SELECT 1 FROM banyan_outbox p FORCE INDEX (banyan_outbox_state_bucket)
                    WHERE p.state = 'parked' AND p.bucket = ? AND p.partition_key = o.partition_key
                      AND CAST(p.partition_key AS BINARY) = CAST(o.partition_key AS BINARY))
 ORDER BY id LIMIT ?)`;
  });
  const { rows } = await runStatement<OutboxRow>(database, selects.join(' UNION ALL '), values);
  return rows;
}
