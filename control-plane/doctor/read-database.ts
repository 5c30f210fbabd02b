import { randomUUID } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { limitedRead } from '../../outbox/limited-read.ts';
import { openDatabase, type Connection } from '../../runtime/database.ts';
import { grantsOf } from '../install/triggers.ts';
import type { TableSet } from '../install/table-set.ts';
import { account } from './account.ts';
import type { DatabaseFacts, Known } from './facts.ts';
import { readTables } from './read-tables.ts';

/** Milliseconds that one look may take; the server ends it then by itself. */
const TIMEOUT = 10_000;

export type Rows = (sql: string, values?: readonly unknown[]) => Promise<RowDataPacket[]>;

/**
 * Reads all facts of a database with two connections of its own, as the URL's user. It writes nothing and takes no
 * lock. Rejects with what the server said when it can't be reached.
 */
export async function readDatabase(url: string, set: TableSet): Promise<DatabaseFacts> {
  const pool = openDatabase(url, { connections: 2 });
  try {
    const first = await pool.getConnection();
    const second = await pool.getConnection();
    const rows = rowsOf(first);
    const variables = await readVariables(rows);
    const servers = [identity(variables), identity(await readVariables(rowsOf(second)))] as const;
    const stableSession = await readStability(first);
    const [who] = await rows('SELECT VERSION() AS version, CURRENT_USER() AS user, DATABASE() AS db');
    const { version, user, db } = who as { version: string; user: string; db: string };
    return {
      set,
      database: db,
      user,
      version,
      grants: await grantsOf(first),
      variables,
      isolation: await readIsolation(rows),
      stableSession,
      servers: [...servers],
      history: await readHistory(rows, user),
      skipLocked: await readSkipLocked(first, set),
      clock: await readClock(first),
      ...(await readTables(rows)),
    };
  } finally {
    await pool.end();
  }
}

function rowsOf(connection: Connection): Rows {
  return async (sql, values = []) =>
    (await connection.query<RowDataPacket[]>(limitedRead(sql, TIMEOUT), values as unknown[]))[0];
}

async function readVariables(rows: Rows): Promise<Record<string, string>> {
  const found = await rows('SHOW GLOBAL VARIABLES');
  return Object.fromEntries(found.map((row) => Object.values(row).map(String)) as [string, string][]);
}

/** What stays the same for one server however often one connects, and differs between two. */
function identity(variables: Readonly<Record<string, string>>): string {
  const names = ['server_uuid', 'server_id', 'hostname', 'port', 'datadir', 'aurora_server_id'];
  return names.flatMap((name) => variables[name] ?? []).join(' ');
}

/** A proxy that multiplexes may run the next statement of a session elsewhere. */
async function readStability(connection: Connection): Promise<boolean> {
  const mark = randomUUID();
  const ask = async () => {
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT CONNECTION_ID() AS id, @banyan_doctor AS mark, @@SESSION.time_zone AS zone',
    );
    return JSON.stringify(row);
  };
  await connection.query('SET @banyan_doctor = ?', [mark]);
  const answers = [await ask(), await ask(), await ask()];
  return answers.every(
    (answer) => answer === answers[0] && answer.includes(mark) && answer.includes('+00:00'),
  );
}

/** Older MariaDB calls it tx_isolation. */
async function readIsolation(rows: Rows): Promise<string> {
  const found = await rows(
    "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
  );
  return String(found[0]?.['Value'] ?? 'not told');
}

/** MariaDB tells everybody, MySQL those with PROCESS. */
async function readHistory(rows: Rows, user: string): Promise<Known<number>> {
  const [status] = await rows("SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'");
  if (status) return { value: Number(status['Value']) };
  try {
    const [metric] = await rows(
      "SELECT count AS length FROM information_schema.innodb_metrics WHERE name = 'trx_rseg_history_len'",
    );
    if (metric) return { value: Number(metric['length']) };
    return {
      why: 'the server does not tell it',
      grant: 'SET GLOBAL innodb_monitor_enable = trx_rseg_history_len',
    };
  } catch (error) {
    return { why: (error as Error).message, grant: `GRANT PROCESS ON *.* TO ${account(user)}` };
  }
}

/** Asks for a row that there isn't: nothing is locked. */
async function readSkipLocked(connection: Connection, set: TableSet): Promise<string | undefined> {
  if (set !== 'outbox') return undefined;
  return connection
    .query('SELECT bucket FROM banyan_outbox_lease WHERE bucket = 255 FOR UPDATE SKIP LOCKED')
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
}

/** The best of three: half of what the answer took is how far it may be off. */
async function readClock(connection: Connection): Promise<DatabaseFacts['clock']> {
  const readings = [];
  for (let n = 0; n < 3; n += 1) {
    const asked = Date.now();
    const begun = performance.now();
    const [[row]] = await connection.query<RowDataPacket[]>(
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000 AS now",
    );
    const within = (performance.now() - begun) / 2;
    readings.push({ ahead: Math.round(Number(row!['now']) - asked - within), within: Math.ceil(within) });
  }
  return readings.toSorted((a, b) => a.within - b.within)[0]!;
}
