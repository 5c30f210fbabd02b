import { randomUUID } from 'node:crypto';
import type { Connection } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import type { Read } from './limited-read.ts';

/** A transaction that is open on the server. */
export interface Transaction {
  /** Its connection; 0 is a prepared XA transaction that no session holds. */
  readonly thread: number;
  /** Milliseconds; up to a second too many, since the server keeps whole seconds. */
  readonly age: number;
  /** When it began, in UTC. */
  readonly started: string;
  /** How many rows it has changed. */
  readonly changed: number;
}

/** The server shows open transactions from a cache that it renews when nobody has read it for 100 ms. */
const CACHED_FOR = 120;

/** The open transactions of all users but this one's own, or why they can't be seen. */
export async function readTransactions(
  connection: Connection,
  read: Read,
): Promise<readonly Transaction[] | { readonly reason: string; readonly missing: string }> {
  await connection.query('START TRANSACTION');
  try {
    // A transaction begins with its first read. Seeing it among the others, with this very statement, proves that
    // they are all shown, and as they are now.
    await read('SELECT 1 FROM banyan_outbox LIMIT 1');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const rows = await readAll(read, randomUUID());
      if (rows.some(({ own }) => own))
        return rows
          .filter(({ self }) => !self)
          .map(({ thread, age, started, changed }) => ({
            thread: Number(thread),
            age: Math.max(0, Math.ceil(Number(age))),
            started,
            changed: Number(changed),
          }));
      await wait(CACHED_FOR);
    }
    return {
      reason: 'the server does not show open transactions to this user',
      missing: await processRight(read),
    };
  } catch (error) {
    // ER_SPECIFIC_ACCESS_DENIED_ERROR
    if ((error as { errno?: number }).errno === 1227)
      return { reason: 'this user lacks the PROCESS privilege', missing: await processRight(read) };
    throw error;
  } finally {
    await connection.query('ROLLBACK');
  }
}

// trx_started is in the server's time zone, whatever the session's is.
function readAll(read: Read, mark: string) {
  return read<Transaction & { own: number; self: number }>(
    `SELECT trx_mysql_thread_id AS thread, trx_rows_modified AS changed,
            CONVERT_TZ(trx_started, 'SYSTEM', '+00:00') AS started,
            TIMESTAMPDIFF(MICROSECOND, CONVERT_TZ(trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP(6)) / 1000 AS age,
            trx_mysql_thread_id = CONNECTION_ID() AND INSTR(trx_query, ?) > 0 AS own,
            trx_mysql_thread_id = CONNECTION_ID() AS self
       FROM information_schema.innodb_trx`,
    [mark],
  );
}

/** The statement that gives the right to see them, to this very user. */
async function processRight(read: Read): Promise<string> {
  const [row] = await read<{ user: string }>('SELECT CURRENT_USER() AS user');
  const [, name, host] = /^(.*)@(.*?)$/s.exec(row!.user)!;
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return `GRANT PROCESS ON *.* TO ${quoted(name!)}@${quoted(host!)}`;
}
