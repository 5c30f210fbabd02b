import type { RowDataPacket } from 'mysql2/promise';
import { inTransaction, type Database } from '../../runtime/database.ts';
import { audit, type Author } from './audit.ts';

/** What somebody asked a job for. */
export interface OrderId {
  readonly job: 'replay' | 'redrive';
  readonly id: string;
}

/**
 * Cancels a replay or a redrive, with its audit in the same transaction. What was done stays done and is sent; a batch of
 * at most a hundred events that a replay appends at this moment may still come. Returns false when it was over, or
 * there is none.
 */
export function cancelOrder(database: Database, { job, id }: OrderId, author: Author): Promise<boolean> {
  const table = `banyan_outbox_${job}`;
  return inTransaction(
    database,
    async (connection) => {
      const [[found]] = await connection.query<RowDataPacket[]>(
        `SELECT done, total FROM ${table} WHERE ${job} = ? AND state IN ('waiting', 'active') FOR UPDATE`,
        [id],
      );
      if (!found) return false;
      await connection.query(
        `UPDATE ${table} SET state = 'cancelled', changed_at = CURRENT_TIMESTAMP(6) WHERE ${job} = ?`,
        [id],
      );
      const detail = `${found['done']} of ${found['total']} done`;
      await audit(connection, 'cancelled', [{ id: 0, eventId: id, type: job, key: '', detail }], author);
      return true;
    },
    { what: `cancelling a ${job}`, timeout: 30_000 },
  );
}
