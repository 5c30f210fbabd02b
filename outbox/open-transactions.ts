import { randomUUID } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';

/** The oldest open transaction that has appended events which nobody can see before it commits. */
export type OpenTransaction =
  | { readonly state: 'none' }
  | { readonly state: 'unknown'; readonly reason: string }
  | {
      readonly state: 'open';
      /** The server's thread: what KILL takes. 0 is a prepared XA transaction that no session holds. */
      readonly thread: number;
      /** Up to a second too many, never too few. */
      readonly ageMs: number;
      readonly user?: string | undefined;
      readonly host?: string | undefined;
      /** Events that it holds back; counted to 10,000. */
      readonly events: number;
    };

interface Transaction {
  thread: number;
  /** Milliseconds; up to a second too many, since the server keeps whole seconds. */
  age: number;
  started: string;
  changed: number;
}

const MOST_EVENTS = 10_000;
/** The server shows open transactions from a cache that it renews when nobody has read it for 100 ms. */
const CACHED_FOR = 120;

/**
 * Finds it by comparing what is there uncommitted with what is committed, for the connections that have a transaction
 * open. Without the PROCESS privilege, open transactions can't be seen, and the answer is "unknown", never "none".
 * Rejects when the database can't be asked.
 */
export async function findOpenTransaction(database: Database, timeout = 5_000): Promise<OpenTransaction> {
  const connection = await database.getConnection();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
  });
  try {
    const found = await Promise.race([search(connection), late]);
    connection.release();
    return found;
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function search(connection: Connection): Promise<OpenTransaction> {
  const open = await readTransactions(connection);
  if (typeof open === 'string') return { state: 'unknown', reason: open };
  const writing = open.filter(({ changed }) => changed > 0);
  if (writing.length === 0) return { state: 'none' };
  const held = await heldBack(connection, writing);
  const oldest = writing.filter(({ thread }) => held.has(thread)).toSorted((a, b) => b.age - a.age)[0];
  if (!oldest) return { state: 'none' };
  const { thread, age } = oldest;
  const who = await sessionOf(connection, thread);
  return { state: 'open', thread, ageMs: age, ...who, events: held.get(thread)! };
}

/** The open transactions but this one's own, or why they can't be seen. */
async function readTransactions(connection: Connection): Promise<Transaction[] | string> {
  await connection.query('START TRANSACTION');
  try {
    // A transaction begins with its first read. Seeing it among the others, with this very statement, proves that
    // they are all shown, and as they are now.
    await connection.query('SELECT 1 FROM banyan_outbox LIMIT 1');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const mark = randomUUID();
      // trx_started is in the server's time zone, whatever the session's is.
      const [rows] = await connection.query<(Transaction & RowDataPacket)[]>(
        `SELECT trx_mysql_thread_id AS thread, trx_rows_modified AS changed,
                CONVERT_TZ(trx_started, 'SYSTEM', '+00:00') AS started,
                TIMESTAMPDIFF(MICROSECOND, CONVERT_TZ(trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP(6)) / 1000 AS age,
                trx_mysql_thread_id = CONNECTION_ID() AND INSTR(trx_query, ?) > 0 AS own,
                trx_mysql_thread_id = CONNECTION_ID() AS self
           FROM information_schema.innodb_trx`,
        [mark],
      );
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
    return 'the server does not show open transactions to this user; GRANT PROCESS ON *.* to it';
  } catch (error) {
    // ER_SPECIFIC_ACCESS_DENIED_ERROR
    if ((error as { errno?: number }).errno === 1227)
      return 'this user lacks the PROCESS privilege; GRANT PROCESS ON *.* to it';
    throw error;
  } finally {
    await connection.query('ROLLBACK');
  }
}

/** How many events each of the transactions holds back, by thread. */
async function heldBack(
  connection: Connection,
  transactions: readonly Transaction[],
): Promise<Map<number, number>> {
  const conditions = transactions.map(({ thread }) =>
    thread === 0 ? '(? = 0 AND appended_at >= ?)' : '(connection_id = ? AND appended_at >= ?)',
  );
  await connection.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
  const [there] = await connection.query<RowDataPacket[]>(
    `SELECT id, connection_id AS thread FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
      WHERE state = 'pending' AND (${conditions.join(' OR ')}) LIMIT ${MOST_EVENTS}`,
    transactions.flatMap(({ thread, started }) => [thread, started]),
  );
  // By now only what is committed is visible; whatever became of it since, it was not held back.
  const committed = new Set<string>();
  for (let from = 0; from < there.length; from += 1_000) {
    const ids = there.slice(from, from + 1_000).map(({ id }) => String(id));
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM banyan_outbox WHERE id IN (?)', [
      ids,
    ]);
    for (const { id } of rows) committed.add(String(id));
  }
  const threads = new Set(transactions.map(({ thread }) => thread));
  const held = new Map<number, number>();
  for (const { id, thread } of there) {
    if (committed.has(String(id))) continue;
    // Who appended it and is gone has left a prepared XA transaction behind.
    const holder = threads.has(Number(thread)) ? Number(thread) : 0;
    held.set(holder, (held.get(holder) ?? 0) + 1);
  }
  return held;
}

async function sessionOf(connection: Connection, thread: number): Promise<{ user?: string; host?: string }> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT user, host FROM information_schema.processlist WHERE id = ?',
    [thread],
  );
  return rows[0] ? { user: String(rows[0]['user']), host: String(rows[0]['host']) } : {};
}
