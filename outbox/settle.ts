import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** A row that needs no sending any more. Without `sequenceNumber` it was never sent, because it means nothing outside. */
export interface Settlement {
  readonly id: number | string;
  readonly bucket: number;
  /** The epoch of the lease under which it was acknowledged. */
  readonly epoch: number;
  readonly shardId?: string;
  readonly sequenceNumber?: string;
}

/** Most rows that one call takes: small enough that no writer ever waits for it. */
export const MOST_SETTLED = 500;

/**
 * Settles pending rows by primary key, in one statement that commits by itself. A row whose bucket has
 * changed its owner or epoch since is left alone: the new owner sends it again. Returns the ids of the rows that
 * are settled under the epoch given, those of an earlier attempt whose answer got lost among them.
 *
 * A join in a fixed order, and not `WHERE id IN (…)`: on a small table both optimizers may read all of it for an IN,
 * and would wait for the row of a writer that hasn't committed (seen on MariaDB 10.11). Bucket by bucket, so
 * that the rows of the leases are locked in the order in which they are renewed.
 */
export async function settle(
  database: Database,
  owner: string,
  settlements: readonly Settlement[],
): Promise<Set<number | string>> {
  if (settlements.length === 0) return new Set();
  const rows = settlements.toSorted((a, b) => a.bucket - b.bucket || Number(a.id) - Number(b.id));
  const { affected } = await runStatement(
    database,
    `UPDATE (SELECT ? AS id, ? AS epoch, ? AS shard_id, ? AS sequence_number
             ${'UNION ALL SELECT ?, ?, ?, ? '.repeat(rows.length - 1)}) v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
       STRAIGHT_JOIN banyan_outbox_lease l ON l.bucket = o.bucket AND l.owner = ? AND l.epoch = v.epoch
        SET o.state = 'settled', o.settled_at = CURRENT_TIMESTAMP(6), o.settled_epoch = v.epoch,
            o.shard_id = v.shard_id, o.sequence_number = v.sequence_number,
            o.outcome = IF(v.sequence_number IS NULL, 'silent', 'acknowledged')
      WHERE o.state = 'pending'`,
    [
      ...rows.flatMap(({ id, epoch, shardId, sequenceNumber }) => [
        id,
        epoch,
        shardId ?? null,
        sequenceNumber ?? null,
      ]),
      owner,
    ],
  );
  const ids = rows.map(({ id }) => id);
  return affected === rows.length ? new Set(ids) : settledAmong(database, rows);
}

async function settledAmong(database: Database, rows: readonly Settlement[]): Promise<Set<number | string>> {
  const { rows: settled } = await runStatement<{ id: number | string }>(
    database,
    `SELECT o.id FROM (SELECT ? AS id, ? AS epoch ${'UNION ALL SELECT ?, ? '.repeat(rows.length - 1)}) v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
      WHERE o.state = 'settled' AND o.settled_epoch = v.epoch`,
    rows.flatMap(({ id, epoch }) => [id, epoch]),
  );
  return new Set(settled.map(({ id }) => id));
}
