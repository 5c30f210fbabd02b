import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/**
 * Takes one pending row out of the way with the reason (cut at 500 characters); its key waits, other keys go
 * on. A row whose bucket has changed its owner or epoch since is left alone. Returns whether it was parked.
 */
export async function park(
  database: Database,
  owner: string,
  row: { readonly id: number | string; readonly bucket: number; readonly epoch: number },
  reason: string,
): Promise<boolean> {
  const { affected } = await runStatement(
    database,
    `UPDATE banyan_outbox SET state = 'parked', parked_reason = ?
      WHERE id = ? AND state = 'pending'
        AND EXISTS (SELECT 1 FROM banyan_outbox_lease WHERE bucket = ? AND owner = ? AND epoch = ?)
      ORDER BY id LIMIT 1`,
    [[...reason].slice(0, 500).join(''), row.id, row.bucket, owner, row.epoch],
  );
  return affected === 1;
}
