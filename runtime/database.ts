import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';
import { discard, withConnection, type Limit } from './with-connection.ts';

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

/** What BEGIN waits for is the network alone: no answer within this time is no answer. Milliseconds. */
const BEGIN_WITHIN = 5_000;

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. At `limit`, none unless
 * given, it rejects and destroys the connection: the transaction is rolled back as soon as the server notices, unless
 * it was committing at that moment, and nobody can say. `what` names it in the error then.
 */
export async function inTransaction<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
  { what = 'a transaction', timeout = Infinity, signal }: Partial<Limit> & { readonly what?: string } = {},
): Promise<T> {
  const outcome = await withConnection(
    database,
    async (connection) => {
      await begin(connection, Math.min(BEGIN_WITHIN, timeout));
      try {
        const result = await work(connection);
        await connection.commit();
        return { result };
      } catch (error) {
        // A connection whose state is not known any more never goes back to the pool.
        await connection.rollback().catch(() => discard(connection));
        return { error };
      }
    },
    { what, timeout, signal },
  );
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

/** A connection that has gone silent while it was idle is found out here, long before a generous limit. */
async function begin(connection: Connection, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the database was silent for ${timeout} ms`)), timeout);
  });
  await Promise.race([connection.beginTransaction(), silent]).finally(() => clearTimeout(timer));
}
