import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../runtime/database.ts';
import { DUPLICATE, inboxKey } from './handled-once.ts';

/** One key of an application. */
export interface KeyOf {
  readonly application: string;
  readonly key: string;
}

/** How far a key is; its row is locked until the transaction ends. */
export interface KeyState {
  /** The last number handled. */
  readonly last: bigint;
  /** Events with later numbers are held. */
  readonly waiting: boolean;
}

/**
 * Moves a key on to `number` if that is the next one and nothing of the key is held, in one statement. False when it is
 * not, and nothing is locked.
 */
export async function moveFreely(
  tx: Connection,
  { application, key }: KeyOf,
  number: bigint,
): Promise<boolean> {
  const [{ affectedRows }] = await withTables(
    tx.query<ResultSetHeader>(
      `UPDATE banyan_inbox_sequence SET last_number = ?
        WHERE application = ? AND partition_key = ? AND last_number = ? AND waiting = 0`,
      [number, application, key, number - 1n],
    ),
  );
  return affectedRows === 1;
}

/** Locks a key; undefined when no number of it has been seen. */
export async function lockKey(tx: Connection, { application, key }: KeyOf): Promise<KeyState | undefined> {
  const [[row]] = await tx.query<RowDataPacket[]>(
    `SELECT CAST(last_number AS CHAR) AS last, waiting FROM banyan_inbox_sequence
      WHERE application = ? AND partition_key = ? FOR UPDATE`,
    [application, key],
  );
  return row && { last: BigInt(row['last'] as string), waiting: Number(row['waiting']) === 1 };
}

/** Begins a key with the first number seen of it. False when another transaction has begun it meanwhile. */
export async function beginKey(
  tx: Connection,
  { application, key }: KeyOf,
  number: bigint,
): Promise<boolean> {
  try {
    await tx.query(
      'INSERT INTO banyan_inbox_sequence (application, partition_key, last_number) VALUES (?, ?, ?)',
      [application, key, number],
    );
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === DUPLICATE) return false;
    throw error;
  }
}

/** Of a locked key. */
export async function moveKey(tx: Connection, { application, key }: KeyOf, number: bigint): Promise<void> {
  await tx.query(
    'UPDATE banyan_inbox_sequence SET last_number = ? WHERE application = ? AND partition_key = ?',
    [number, application, key],
  );
}

/** Of a locked key. */
export async function setWaiting(
  tx: Connection,
  { application, key }: KeyOf,
  waiting: boolean,
): Promise<void> {
  await tx.query('UPDATE banyan_inbox_sequence SET waiting = ? WHERE application = ? AND partition_key = ?', [
    Number(waiting),
    application,
    key,
  ]);
}

/** Remembers which event had a number. */
export async function rememberNumber(
  tx: Connection,
  { application, key }: KeyOf,
  number: bigint,
  eventId: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO banyan_inbox_number (application, partition_key, number, event_id) VALUES (?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE event_id = VALUES(event_id)`,
    [application, key, number, inboxKey(eventId)],
  );
}

/** The id of the event that had a number, as the inbox has it; undefined when none has been handled with it. */
export async function eventOfNumber(
  tx: Connection,
  { application, key }: KeyOf,
  number: bigint,
): Promise<string | undefined> {
  const [[row]] = await tx.query<RowDataPacket[]>(
    'SELECT event_id AS id FROM banyan_inbox_number WHERE application = ? AND partition_key = ? AND number = ?',
    [application, key, number],
  );
  return row?.['id'] as string | undefined;
}

/** ER_NO_SUCH_TABLE says which table, and not what to do. */
export async function withTables<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (cause) {
    if ((cause as { errno?: number }).errno !== 1146) throw cause;
    throw new Error(
      `the inbox lacks the tables for aggregates that are \`ordered: sequence\` (${(cause as Error).message}): run \`banyan install inbox\` again`,
      { cause },
    );
  }
}
