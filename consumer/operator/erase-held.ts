import type { RowDataPacket } from 'mysql2/promise';
import { CORE_ATTRIBUTES, type CloudEvent } from '../../outbox/event.ts';
import { inTransaction, type Connection, type Database } from '../../runtime/database.ts';
import { withConnection } from '../../runtime/with-connection.ts';
import { enter } from '../handled-once.ts';
import { dropHeld } from '../held-rows.ts';
import { lockKey, type KeyOf } from '../key-numbers.ts';
import { auditInbox, type InboxAuthor } from './inbox-audit.ts';

/** What an inbox holds of a key, of all its applications. */
export interface HeldOfKey {
  /** Events that wait for a number before their own; those among them, too, whose data was erased. */
  readonly waiting: number;
  /** Events that are parked, or chosen to be handled. */
  readonly parked: number;
  /** The applications that have seen numbers, of any key, in alphabetical order. */
  readonly applications: readonly string[];
}

export interface HeldErased {
  readonly waiting: number;
  readonly parked: number;
}

interface ErasedBatch extends HeldErased {
  readonly next: number | string | undefined;
}

/** Rows of one transaction. */
const BATCH = 100;
const DATA = { erased: true };

/** Counts what is held of a key. */
export function countHeld(database: Database, key: string): Promise<HeldOfKey> {
  return withConnection(
    database,
    async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT COALESCE(SUM(why = 'gap'), 0) AS waiting, COALESCE(SUM(why <> 'gap'), 0) AS parked
           FROM banyan_inbox_held FORCE INDEX (banyan_inbox_held_key) WHERE partition_key = ?`,
        [key],
      );
      const [seen] = await connection.query<RowDataPacket[]>(
        'SELECT DISTINCT application FROM banyan_inbox_sequence ORDER BY application',
      );
      return {
        ...{ waiting: Number(rows[0]!['waiting']), parked: Number(rows[0]!['parked']) },
        applications: seen.map((row) => row['application'] as string),
      };
    },
    { what: 'counting what is held', timeout: 60_000 },
  );
}

/**
 * Erases what is held of a key, in small transactions that each write their audit; none of it is ever handled. Parked events
 * are taken out, as if they had been skipped. One that waits keeps its place, so that the key waits for the same numbers as
 * before, with its data and extension attributes overwritten: it is in the inbox already, and when its turn comes the
 * consumer passes over it as over a duplicate. Cut off, it is completed by being called again.
 */
export async function eraseHeld(database: Database, key: string, author: InboxAuthor): Promise<HeldErased> {
  let waiting = 0;
  let parked = 0;
  for (const application of await applicationsOf(database, key)) {
    let after: number | string | undefined = 0;
    while (after !== undefined) {
      const from: number | string = after;
      const done: ErasedBatch = await inTransaction(
        database,
        (tx) => eraseBatch(tx, { application, key }, from, author),
        { what: `erasing what is held of ${key}`, timeout: 60_000 },
      );
      waiting += done.waiting;
      parked += done.parked;
      after = done.next;
    }
  }
  return { waiting, parked };
}

async function eraseBatch(
  tx: Connection,
  of: KeyOf,
  after: number | string,
  author: InboxAuthor,
): Promise<ErasedBatch> {
  await lockKey(tx, of);
  const [rows] = await tx.query<RowDataPacket[]>(
    `SELECT id, why, CAST(number AS CHAR) AS number, event_id AS eventId, envelope
       FROM banyan_inbox_held FORCE INDEX (banyan_inbox_held_key)
      WHERE application = ? AND why IN ('gap', 'known', 'handle') AND partition_key = ? AND id > ? ORDER BY id LIMIT ${BATCH} FOR UPDATE`,
    [of.application, of.key, after],
  );
  const counts = { waiting: 0, parked: 0 };
  for (const { id, why, number, eventId, envelope } of rows) {
    const entered = await enter(tx, of.application, eventId as string);
    const waits = why === 'gap';
    if (waits) await overwrite(tx, id as number | string, envelope as string);
    else await dropHeld(tx, id as number | string);
    // What is in the inbox already was erased before, unless it is taken out just now.
    if (waits && !entered) continue;
    counts[waits ? 'waiting' : 'parked'] += 1;
    const detail = `number ${number}, event ${eventId}, was ${waits ? 'waiting' : 'parked'}`;
    await auditInbox(tx, 'erased', { ...of, detail }, author);
  }
  return { ...counts, next: rows.length < BATCH ? undefined : (rows.at(-1)!['id'] as number | string) };
}

async function overwrite(tx: Connection, id: number | string, envelope: string): Promise<void> {
  const event = JSON.parse(envelope) as CloudEvent;
  const core = Object.entries(event).filter(
    ([name]) => CORE_ATTRIBUTES.has(name) && !/^data(_|$)/.test(name),
  );
  await tx.execute('UPDATE banyan_inbox_held SET envelope = ? WHERE id = ?', [
    JSON.stringify({ ...Object.fromEntries(core), data: DATA }),
    id,
  ]);
}

async function applicationsOf(database: Database, key: string): Promise<string[]> {
  return withConnection(
    database,
    async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT DISTINCT application FROM banyan_inbox_held FORCE INDEX (banyan_inbox_held_key) WHERE partition_key = ?',
        [key],
      );
      return rows.map((row) => row['application'] as string);
    },
    { what: 'reading whose events are held', timeout: 60_000 },
  );
}
