import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';
import type { Settlement } from './settle.ts';

/**
 * Takes one pending row out of the way with the reason (cut at 500 characters); its key waits, other keys go
 * on. A row whose bucket has changed its owner or epoch since is left alone, and so is a `paused` one whose type has been
 * resumed since: who resumes it has looked for its parked rows already. Returns whether it is parked, by
 * this call or by an earlier one whose answer got lost.
 * The join finds the row by its key alone (see settle.ts).
 */
export async function park(
  database: Database,
  owner: string,
  row: Pick<Settlement, 'id' | 'bucket' | 'epoch'>,
  reason: string,
  kind: 'poison' | 'paused' = 'poison',
): Promise<boolean> {
  const told = [...reason].slice(0, 500).join('');
  const { affected } = await runStatement(
    database,
    `UPDATE (SELECT ? AS id) v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
       ${kind === 'paused' ? 'STRAIGHT_JOIN banyan_outbox_pause t ON t.active = o.type' : ''}
       STRAIGHT_JOIN banyan_outbox_lease l ON l.bucket = o.bucket AND l.owner = ? AND l.epoch = ?
        SET o.state = 'parked', o.parked_reason = ?, o.parked_kind = ?, o.parked_at = CURRENT_TIMESTAMP(6)
      WHERE o.state = 'pending'`,
    [row.id, owner, row.epoch, told, kind],
  );
  if (affected === 1) return true;
  // While the lease is this relay's, nobody else parks.
  const { rows } = await runStatement(
    database,
    `SELECT 1 FROM banyan_outbox o JOIN banyan_outbox_lease l ON l.bucket = o.bucket AND l.owner = ? AND l.epoch = ?
      WHERE o.id = ? AND o.state = 'parked' AND o.parked_reason = ?`,
    [owner, row.epoch, row.id, told],
  );
  return rows.length === 1;
}
