import { inTransaction, type Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';
import type { Author } from './audit.ts';
import { redriveWithin } from './change-parked.ts';
import { byId, parkedEvent, PARKED_COLUMNS, type ParkedEvent } from './parked-event.ts';
import { persist } from './persist.ts';

/** Which of the events that are parked when it is asked for: all that are given must hold, all parked ones without. */
export interface RedrivenEvents {
  readonly type?: string | undefined;
  /** Compared as bytes. */
  readonly key?: string | undefined;
}

/** A redrive that the relays' job carries out. Bucket by bucket, and in id order within one. */
export interface Redrive {
  readonly redrive: string;
  readonly what: RedrivenEvents;
  readonly askedBy: string;
  /** RFC 3339. */
  readonly askedAt: string;
  readonly reason: string | null;
  readonly state: 'waiting' | 'active' | 'completed' | 'cancelled';
  /** The bucket that it is in, and the last row there that it has dealt with. */
  readonly bucket: number;
  readonly position: string;
  /** Events that are pending again. */
  readonly done: number;
  /** Events that stay parked, because an earlier one of their key does that is not meant. */
  readonly held: number;
  /** Events that were meant when it was asked for. */
  readonly total: number;
}

/** Asks for a redrive; the job takes it up. */
export async function askForRedrive(
  database: Database,
  { redrive, what, total }: Pick<Redrive, 'redrive' | 'what' | 'total'>,
  { actor, reason }: Author,
): Promise<void> {
  await runStatement(
    database,
    'INSERT INTO banyan_outbox_redrive (redrive, what, asked_by, reason, total) VALUES (?, ?, ?, ?, ?)',
    [
      redrive,
      JSON.stringify(what),
      actor,
      reason === undefined ? null : [...reason].slice(0, 1_000).join(''),
      total,
    ],
  );
}

/** The last hundred redrives, the latest first; those that are not over alone with `unfinished`, the oldest first. */
export async function readRedrives(database: Database, unfinished = false): Promise<Redrive[]> {
  interface Row extends Omit<Redrive, 'what' | 'askedAt'> {
    readonly what: string;
    readonly at: string;
  }
  const { rows } = await runStatement<Row>(
    database,
    `SELECT redrive, what, asked_by AS askedBy, asked_at AS at, reason, state, bucket,
            CAST(position AS CHAR) AS position, done, held, total
       FROM banyan_outbox_redrive
      ${unfinished ? "WHERE state IN ('waiting', 'active') ORDER BY asked_at" : 'ORDER BY asked_at DESC'} LIMIT 100`,
    [],
    5_000,
  );
  return rows.map(({ what, at, ...row }) => ({
    ...row,
    what: JSON.parse(what) as RedrivenEvents,
    askedAt: `${at.replace(' ', 'T')}Z`,
    ...{ done: Number(row.done), held: Number(row.held), total: Number(row.total) },
  }));
}

/** Events of one transaction. */
const PAGE = 100;

/**
 * Takes the next page of a redrive: makes its events pending again, with their audit, and writes down how far it is, in one
 * transaction, so that a run that is cut off leaves no doubt. Returns it as it is then; undefined when it is over or was
 * cancelled.
 */
export async function redrivePage(database: Database, redrive: Redrive): Promise<Redrive | undefined> {
  const page = await parkedAfter(database, redrive);
  const blocked = await firstParkedBefore(database, page);
  const take = page.filter(({ id, key }) => !(BigInt(blocked.get(key) ?? id) < BigInt(id)));
  const last = page.at(-1);
  const next = last ? { bucket: last.bucket, position: String(last.id) } : redrive;
  const over = page.length < PAGE;
  const author = { actor: redrive.askedBy, reason: redrive.reason ?? undefined };
  const held = page.length - take.length;
  const done = await persist(() =>
    inTransaction(
      database,
      async (connection) => {
        const [noted] = await connection.query(
          `UPDATE banyan_outbox_redrive SET state = ?, bucket = ?, position = ?, held = held + ?,
                  changed_at = CURRENT_TIMESTAMP(6) WHERE redrive = ? AND state IN ('waiting', 'active')`,
          [over ? 'completed' : 'active', next.bucket, next.position, held, redrive.redrive],
        );
        if ((noted as { affectedRows: number }).affectedRows === 0) return undefined;
        const changed = await redriveWithin(connection, take, author);
        await connection.query('UPDATE banyan_outbox_redrive SET done = done + ? WHERE redrive = ?', [
          changed,
          redrive.redrive,
        ]);
        return changed;
      },
      { what: 'redriving events', timeout: 30_000 },
    ),
  );
  if (done === undefined || over) return undefined;
  return {
    ...redrive,
    bucket: next.bucket,
    position: next.position,
    state: 'active',
    done: redrive.done + done,
    held: redrive.held + held,
  };
}

/** The next events that are meant. What was parked since it was asked for isn't: it may be one of these, parked again. */
async function parkedAfter(
  database: Database,
  { redrive, bucket, position, what: { type, key } }: Redrive,
): Promise<ParkedEvent[]> {
  const { rows } = await runStatement<ParkedEvent>(
    database,
    `SELECT ${PARKED_COLUMNS} FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket)
      WHERE o.state = 'parked' AND (o.bucket > ? OR (o.bucket = ? AND o.id > ?))
        AND COALESCE(o.parked_at, o.appended_at) <= (SELECT asked_at FROM banyan_outbox_redrive WHERE redrive = ?)
        ${type === undefined ? '' : 'AND CAST(o.type AS BINARY) = ?'}
        ${key === undefined ? '' : 'AND CAST(o.partition_key AS BINARY) = ?'}
      ORDER BY o.bucket, o.id LIMIT ?`,
    [
      ...[bucket, bucket, position, redrive],
      ...[type, key].filter((text) => text !== undefined).map((text) => Buffer.from(text)),
      PAGE,
    ],
  );
  return rows.map(parkedEvent);
}

/** Of the keys of these events, the first parked event that comes before the last of them and is none of them. */
async function firstParkedBefore(
  database: Database,
  events: readonly ParkedEvent[],
): Promise<Map<string, number | string>> {
  if (events.length === 0) return new Map();
  const keys = [...new Set(events.map(({ key }) => key))];
  const ids = events.toSorted(byId).map(({ id }) => id);
  const { rows } = await runStatement<{ hex: string; id: number | string }>(
    database,
    `SELECT HEX(o.parked_key) AS hex, MIN(o.id) AS id
       FROM banyan_outbox o FORCE INDEX (banyan_outbox_parked_key)
      WHERE o.parked_key IN (?) AND o.id < ? AND o.id NOT IN (?) GROUP BY HEX(o.parked_key)`,
    [keys, ids.at(-1), ids],
  );
  const found = new Map(rows.map(({ hex, id }) => [hex, id]));
  return new Map(
    keys.flatMap((key) => {
      const id = found.get(Buffer.from(key).toString('hex').toUpperCase());
      return id === undefined ? [] : [[key, id] as const];
    }),
  );
}
