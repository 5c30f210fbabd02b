import { createHash } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { openDatabase, type Connection } from '../../runtime/database.ts';
import { unsupportedServer } from './server-version.ts';
import { InstallError } from './table-set.ts';

export interface Place {
  readonly database: string;
  readonly user: string;
}

/**
 * Runs `work` on one connection to a supported server, alone: a named lock keeps every other install and
 * uninstall on the same database waiting for at most `patience` seconds. No lock on a table is held, and a
 * statement that finds one held by others gives up after 3 seconds.
 */
export async function withServer<T>(
  url: string,
  work: (connection: Connection, place: Place) => Promise<T>,
  patience = 60,
): Promise<T> {
  const pool = openDatabase(url, { connections: 1 });
  const { host } = new URL(url);
  try {
    const connection = await pool.getConnection().catch((cause: Error) => {
      throw new InstallError(
        `can't connect to the database at ${host} as the URL says: ${cause.message || String(cause)}`,
        { cause },
      );
    });
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT VERSION() AS version, DATABASE() AS db, CURRENT_USER() AS user',
    );
    const { version, db, user } = row as { version: string; db: string | null; user: string };
    if (db === null) {
      throw new InstallError(
        `the URL of ${host} names no database: write it as mysql://user@host:3306/database`,
      );
    }
    const unsupported = unsupportedServer(version);
    if (unsupported !== undefined) throw new InstallError(unsupported);
    await connection.query('SET SESSION lock_wait_timeout = 3');
    const name = `banyan:${createHash('sha1').update(db).digest('hex')}`;
    const [[lock]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
      name,
      patience,
    ]);
    if (lock?.['got'] !== 1) {
      throw new InstallError(
        `another install or uninstall works on ${db} and hasn't ended within ${patience} s: run it again later`,
      );
    }
    return await work(connection, { database: db, user });
  } finally {
    // Ends the connection, and the named lock with it.
    await pool.end();
  }
}

const DENIED = new Set([
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_ACCESS_DENIED_ERROR',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
]);

/** Runs one statement; what it lacked, or what else went wrong, is said with the statement and what to do. */
export async function run(
  connection: Connection,
  { database, user }: Place,
  statement: string,
  { rights, what, remedy }: { rights: string; what: string; remedy: string },
): Promise<void> {
  try {
    await connection.query(statement);
  } catch (cause) {
    const { code = '', message } = cause as { code?: string; message: string };
    const [name, host] = user.split('@');
    const todo = DENIED.has(code)
      ? `Required is GRANT ${rights} ON \`${database}\`.* TO '${name}'@'${host}'; ${remedy}`
      : code === 'ER_LOCK_WAIT_TIMEOUT'
        ? `A transaction has used the table for more than 3 s; end it, then ${remedy}`
        : `Find out why, then ${remedy}`;
    throw new InstallError(`${what} failed: ${message}\n  ${statement.split('\n')[0]}\n${todo}`, { cause });
  }
}
