import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../runtime/database.ts';

/**
 * Runs one statement on a connection of its own and gives up after `timeout` milliseconds (default 10,000).
 * A statement that was given up may still take effect on the server. Its connection is destroyed: mysql2's own
 * `timeout` would put it back into the pool with the answer still to come, and the next statement would wait
 * for a server that has gone silent.
 */
export async function runStatement<Row = never>(
  database: Database,
  sql: string,
  values: readonly unknown[] = [],
  timeout = 10_000,
): Promise<{ rows: Row[]; affected: number }> {
  const [result] = await withConnection(
    database,
    (connection) => connection.query<RowDataPacket[] | ResultSetHeader>(sql, values as unknown[]),
    { what: sql, timeout },
  );
  return Array.isArray(result)
    ? { rows: result as unknown as Row[], affected: 0 }
    : { rows: [], affected: result.affectedRows };
}

/**
 * The same for several statements on one connection, all of them within `timeout` milliseconds. `what` names them
 * in the error. A transaction that `work` opens is `work`'s to end.
 */
export async function withConnection<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
  { what, timeout = 10_000 }: { what: string; timeout?: number },
): Promise<T> {
  const connection: Connection = await database.getConnection();
  let timer: NodeJS.Timeout | undefined;
  try {
    const result = await Promise.race([
      work(connection),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () =>
            reject(new Error(`the database gave no answer within ${timeout} ms to: ${what.slice(0, 80)}…`)),
          timeout,
        );
      }),
    ]);
    connection.release();
    return result;
  } catch (error) {
    // An error that the server itself answered with leaves the connection sound.
    if (error instanceof Error && 'sqlState' in error && !('fatal' in error && error.fatal))
      connection.release();
    else connection.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
