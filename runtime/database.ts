import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';

export type Database = Pool;
export type Connection = PoolConnection;

export interface DatabaseOptions {
  /** Most connections held at once. Default 10. */
  connections?: number;
  /** Milliseconds that connecting may take. Default 5,000. */
  connectTimeout?: number;
}

const SESSION = [
  "SET SESSION time_zone = '+00:00', SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/**
 * A pool for `mysql://user:password@host:port/database`. Every session is in UTC, READ COMMITTED and strict;
 * big integers come back as strings, times as text in UTC with microseconds.
 */
export function openDatabase(
  url: string,
  { connections = 10, connectTimeout = 5_000 }: DatabaseOptions = {},
): Database {
  const pool = createPool({
    uri: url.replace(/^mariadb:/, 'mysql:'),
    connectionLimit: connections,
    connectTimeout,
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    charset: 'utf8mb4_bin',
    multipleStatements: false,
    enableKeepAlive: true,
  });
  // Queued before the first statement of whoever asked for the connection. MariaDB 10.11 has no
  // transaction_isolation variable, hence the statement.
  pool.pool.on('connection', (connection) => {
    for (const statement of SESSION) {
      connection.query(statement, (error: Error | null) => {
        if (error) connection.destroy();
      });
    }
  });
  return pool;
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await database.getConnection();
  try {
    await connection.beginTransaction();
    const result = await work(connection);
    await connection.commit();
    connection.release();
    return result;
  } catch (error) {
    // A connection whose state is not known any more never goes back to the pool.
    await connection.rollback().then(
      () => connection.release(),
      () => connection.destroy(),
    );
    throw error;
  }
}
