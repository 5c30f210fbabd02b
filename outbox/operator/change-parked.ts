import { inTransaction, type Connection, type Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { audit, type AuditedAction, type Author } from './audit.ts';
import { persist } from './persist.ts';
import { byId, parkedEvent, PARKED_COLUMNS, type ParkedEvent } from './parked-event.ts';

export interface Progress {
  /** Called after each batch with how many events it has changed. */
  readonly onBatch?: ((changed: number) => void) | undefined;
  /** Events of one transaction. Default 100. */
  readonly batch?: number | undefined;
}

const PENDING = `o.state = 'pending', o.settled_at = NULL, o.settled_epoch = NULL, o.outcome = NULL,
       o.parked_reason = NULL, o.parked_kind = NULL, o.parked_at = NULL`;

/**
 * Makes parked and skipped events pending again, in id order, in small transactions of their own that each write their
 * audit. Returns how many: an event that isn't parked any more by then is left alone. Safe while relays run: a key is
 * claimed only when none of its rows is parked, and then from its first pending one. Cut off, it is completed by being
 * called again.
 */
export function redrive(
  database: Database,
  events: readonly ParkedEvent[],
  author: Author,
  progress: Progress = {},
): Promise<number> {
  return changeParked(database, events, { action: 'redriven', change: PENDING, author }, progress);
}

/** As `redrive`, of few events and within the caller's transaction, with which it commits or fails. */
export function redriveWithin(
  connection: Connection,
  events: readonly ParkedEvent[],
  author: Author,
): Promise<number> {
  const ids = events.toSorted(byId).map(({ id }) => id);
  if (ids.length === 0) return Promise.resolve(0);
  return changeBatch(connection, ids, { action: 'redriven', change: PENDING, author });
}

/** Gives parked events up: they never reach the stream, and their keys go on with the next event. Like `redrive`. */
export function discard(
  database: Database,
  events: readonly ParkedEvent[],
  author: Author,
  progress: Progress = {},
): Promise<number> {
  const change = `o.state = 'settled', o.settled_at = CURRENT_TIMESTAMP(6), o.outcome = 'discarded'`;
  const parked = events.filter(({ state }) => state === 'parked');
  return changeParked(database, parked, { action: 'discarded', change, author }, progress);
}

interface Change {
  readonly action: AuditedAction;
  readonly change: string;
  readonly author: Author;
}

async function changeParked(
  database: Database,
  events: readonly ParkedEvent[],
  what: Change,
  { onBatch = () => {}, batch = 100 }: Progress,
): Promise<number> {
  const ids = events.toSorted(byId).map(({ id }) => id);
  let changed = 0;
  for (let from = 0; from < ids.length; from += batch) {
    const began = performance.now();
    const done = await persist(() =>
      inTransaction(database, (connection) => changeBatch(connection, ids.slice(from, from + batch), what), {
        what: `${what.action} events`,
        timeout: 30_000,
      }),
    );
    changed += done;
    onBatch(done);
    // Writers come first: it rests as long as it worked.
    if (from + batch < ids.length) await wait(Math.max(5, performance.now() - began));
  }
  return changed;
}

/** The rows are locked by primary key in id order, whatever else the optimizer would do on a small table (see settle.ts). */
async function changeBatch(
  connection: Connection,
  ids: readonly (number | string)[],
  { action, change, author }: Change,
): Promise<number> {
  const these = (some: readonly unknown[]) =>
    `(SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(some.length - 1)}) v STRAIGHT_JOIN banyan_outbox o ON o.id = v.id`;
  const [rows] = await connection.query(
    `SELECT ${PARKED_COLUMNS} FROM ${these(ids)}
      WHERE o.state = 'parked' OR (o.state = 'settled' AND o.outcome = 'skipped') FOR UPDATE`,
    [...ids],
  );
  const found = (rows as ParkedEvent[]).map(parkedEvent);
  if (found.length === 0) return 0;
  await connection.query(
    `UPDATE ${these(found)} SET ${change}`,
    found.map(({ id }) => id),
  );
  const before = found.map((event) => ({ ...event, detail: `was ${event.state}` }));
  await audit(connection, action, before, author);
  return found.length;
}
