import type { Connection } from '../runtime/database.ts';
import { appendedAt, CLOCKS } from './appended-at.ts';
import type { Read } from './limited-read.ts';
import type { Transaction } from './read-transactions.ts';

const MOST_EVENTS = 10_000;
const PAGE = 1_000;
/** A second of grace: the two times are of clocks that may be a little apart. */
const SINCE = `${appendedAt('o')} >= TIMESTAMP(?) - INTERVAL 1 SECOND`;

/**
 * Those of the open transactions that may hold events back, in the given order: one look at all pending rows finds the
 * connections that appended any since their transaction began. More may be found than do: an earlier
 * transaction of the same connection, in the same second, counts too.
 */
export async function holders(
  connection: Connection,
  read: Read,
  transactions: readonly Transaction[],
): Promise<Transaction[]> {
  const sessions = transactions.filter(({ thread }) => thread !== 0);
  // Who appended an event and is no session has left a prepared XA transaction behind. Which of several can't be
  // told: the oldest is taken.
  const orphan = transactions.filter(({ thread }) => thread === 0).slice(0, 1);
  const conditions = [...sessions, ...orphan].map((transaction) => holds(transaction, sessions));
  await readUncommitted(connection);
  const found = await read<{ thread: number }>(
    `SELECT connection_id AS thread FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket) JOIN ${CLOCKS}
      WHERE state = 'pending' AND (${conditions.map(({ sql }) => sql).join(' OR ')}) GROUP BY connection_id`,
    conditions.flatMap(({ values }) => values),
  );
  const threads = new Set(found.map(({ thread }) => Number(thread)));
  const orphaned = [...threads].some((thread) => !sessions.some((session) => session.thread === thread));
  return transactions.filter((transaction) =>
    transaction.thread === 0 ? orphaned && orphan.includes(transaction) : threads.has(transaction.thread),
  );
}

/** How many events a transaction holds back; counted to 10,000. */
export async function heldBack(
  connection: Connection,
  read: Read,
  transaction: Transaction,
  transactions: readonly Transaction[],
): Promise<number> {
  const sessions = transactions.filter(({ thread }) => thread !== 0);
  const { sql, values } = holds(transaction, sessions);
  let held = 0;
  let after: Place = { bucket: -1, id: 0 };
  for (;;) {
    await readUncommitted(connection);
    const there = await read<Place>(
      `SELECT bucket, id FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket) JOIN ${CLOCKS}
        WHERE state = 'pending' AND (bucket > ? OR (bucket = ? AND id > ?)) AND ${sql}
        ORDER BY bucket, id LIMIT ${PAGE}`,
      [after.bucket, after.bucket, after.id, ...values],
    );
    if (there.length > 0) {
      // By now only what is committed is visible; whatever became of it since, it was not held back.
      const ids = there.map(({ id }) => id);
      const committed = await read<{ id: number }>('SELECT id FROM banyan_outbox WHERE id IN (?)', [ids]);
      held += there.length - committed.length;
    }
    const last = there.at(-1);
    if (last === undefined || there.length < PAGE || held >= MOST_EVENTS) return Math.min(held, MOST_EVENTS);
    after = last;
  }
}

/** Where a row stands in the index. */
interface Place {
  readonly bucket: number;
  readonly id: number | string;
}

/** What an event that the transaction holds back looks like. */
function holds(
  { thread, started }: Transaction,
  sessions: readonly Transaction[],
): { sql: string; values: unknown[] } {
  if (thread !== 0) return { sql: `(connection_id = ? AND ${SINCE})`, values: [thread, started] };
  // 0, which is no connection, keeps the list from being empty.
  return {
    sql: `(connection_id NOT IN (?) AND ${SINCE})`,
    values: [[0, ...sessions.map((session) => session.thread)], started],
  };
}

/** The next statement of this connection sees what is not committed yet. */
async function readUncommitted(connection: Connection): Promise<void> {
  await connection.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
}
