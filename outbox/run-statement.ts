import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { limitedRead } from './limited-read.ts';

/**
 * Runs one statement on a connection of its own and gives up after `timeout` milliseconds (default 10,000). The
 * server ends a read by itself a little earlier. A write that was given up may still take effect: it changes few rows
 * and waits for their locks no longer than `innodb_lock_wait_timeout`.
 */
export async function runStatement<Row = never>(
  database: Database,
  sql: string,
  values: readonly unknown[] = [],
  timeout = 10_000,
): Promise<{ rows: Row[]; affected: number }> {
  const [result] = await withConnection(
    database,
    (connection) =>
      connection.query<RowDataPacket[] | ResultSetHeader>(limitedRead(sql, timeout), values as unknown[]),
    { what: sql, timeout },
  );
  return Array.isArray(result)
    ? { rows: result as unknown as Row[], affected: 0 }
    : { rows: [], affected: result.affectedRows };
}
