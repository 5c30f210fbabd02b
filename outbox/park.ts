import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';
import type { Settlement } from './settle.ts';

/**
 * Takes one pending row out of the way with the reason (cut at 500 characters); its key waits, other keys go
 * on. A row whose bucket has changed its owner or epoch since is left alone. Returns whether it was parked.
 * The join finds the row by its key alone (see settle.ts).
 */
export async function park(
  database: Database,
  owner: string,
  row: Pick<Settlement, 'id' | 'bucket' | 'epoch'>,
  reason: string,
): Promise<boolean> {
  const { affected } = await runStatement(
    database,
    `UPDATE (SELECT ? AS id) v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
       STRAIGHT_JOIN banyan_outbox_lease l ON l.bucket = o.bucket AND l.owner = ? AND l.epoch = ?
        SET o.state = 'parked', o.parked_reason = ?
      WHERE o.state = 'pending'`,
    [row.id, owner, row.epoch, [...reason].slice(0, 500).join('')],
  );
  return affected === 1;
}
