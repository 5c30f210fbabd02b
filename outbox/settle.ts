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
export const MOST_SETTLED = 200;

/**
 * Settles pending rows by primary key, in one statement that commits by itself. A row whose bucket has
 * changed its owner or epoch since is left alone: the new owner sends it again. Returns how many were settled.
 */
export async function settle(
  database: Database,
  owner: string,
  settlements: readonly Settlement[],
): Promise<number> {
  const rows = settlements.toSorted((a, b) => Number(a.id) - Number(b.id));
  const epochs = new Map(rows.map(({ bucket, epoch }) => [`${bucket}/${epoch}`, [bucket, epoch]]));
  const byId = (value: (row: Settlement) => string | undefined) =>
    rows.flatMap((row) => [row.id, value(row) ?? null]);
  const cases = 'WHEN ? THEN ? '.repeat(rows.length);
  // The condition is a consistent read and locks no lease; ORDER BY keeps it a subquery, and the row locks in id order.
  const { affected } = await runStatement(
    database,
    `UPDATE banyan_outbox
        SET settled_at = CURRENT_TIMESTAMP(6),
            settled_epoch = (SELECT l.epoch FROM banyan_outbox_lease l WHERE l.bucket = banyan_outbox.bucket),
            shard_id = CASE id ${cases} END, sequence_number = CASE id ${cases} END, state = 'settled'
      WHERE id IN (?) AND state = 'pending'
        AND EXISTS (SELECT 1 FROM banyan_outbox_lease l
                     WHERE l.bucket = banyan_outbox.bucket AND l.owner = ? AND (l.bucket, l.epoch) IN (?))
      ORDER BY id LIMIT ?`,
    [
      ...byId((row) => row.shardId),
      ...byId((row) => row.sequenceNumber),
      rows.map(({ id }) => id),
      owner,
      [...epochs.values()],
      rows.length,
    ],
  );
  return affected;
}
