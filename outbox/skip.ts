import { inTransaction, type Database } from '../runtime/database.ts';
import type { Settlement } from './settle.ts';

/**
 * Passes one pending row over for good, with the reason (cut at 500 characters): it is not sent, and its key goes on.
 * Written with an entry in the audit, by which skipped rows are found again among settled ones. Like `park`, it leaves a
 * row alone whose bucket has changed its owner or epoch since, and tells a call whose answer got lost from one of another.
 */
export async function skip(
  database: Database,
  owner: string,
  row: Pick<Settlement, 'id' | 'bucket' | 'epoch'>,
  reason: string,
): Promise<boolean> {
  const told = [...reason].slice(0, 500).join('');
  return inTransaction(
    database,
    async (connection) => {
      const [changed] = await connection.query(
        `UPDATE (SELECT ? AS id) v
           STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
           STRAIGHT_JOIN banyan_outbox_lease l ON l.bucket = o.bucket AND l.owner = ? AND l.epoch = ?
            SET o.state = 'settled', o.outcome = 'skipped', o.settled_at = CURRENT_TIMESTAMP(6),
                o.settled_epoch = ?, o.parked_reason = ?, o.parked_kind = 'poison',
                o.parked_at = CURRENT_TIMESTAMP(6)
          WHERE o.state = 'pending'`,
        [row.id, owner, row.epoch, row.epoch, told],
      );
      if ((changed as { affectedRows: number }).affectedRows === 1) {
        await connection.query(
          `INSERT INTO banyan_outbox_audit (actor, action, outbox_id, event_id, type, partition_key, reason)
           SELECT ?, 'skipped', id, event_id, type, partition_key, 'the policy of its type' FROM banyan_outbox WHERE id = ?`,
          [owner, row.id],
        );
        return true;
      }
      const [found] = await connection.query(
        "SELECT 1 FROM banyan_outbox WHERE id = ? AND state = 'settled' AND outcome = 'skipped' AND settled_epoch = ?",
        [row.id, row.epoch],
      );
      return (found as unknown[]).length === 1;
    },
    { what: 'skipping an event', timeout: 10_000 },
  );
}
