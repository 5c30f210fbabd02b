import type { Database } from '../../runtime/database.ts';
import { appendedAt, CLOCKS } from '../appended-at.ts';
import { firstIdAt } from '../completeness/read-window.ts';
import { RECEIPT, SEQUENCE_NUMBER } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';

/** Which published events are sent again. */
export interface ReplayedRange {
  readonly types: readonly string[];
  /** By the time of the append: from (inclusive) to (exclusive), in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** One key alone. */
  readonly key?: string | undefined;
  /** The stream that they are sent into; that of each event's own unless given. */
  readonly stream?: string | undefined;
  /** Events a second at most. */
  readonly rate: number;
}

export interface Replay {
  readonly replay: string;
  readonly what: ReplayedRange;
  readonly askedBy: string;
  /** RFC 3339. */
  readonly askedAt: string;
  readonly state: 'waiting' | 'active' | 'completed' | 'cancelled';
  /** The last row that was looked at. */
  readonly position: string;
  readonly done: number;
  readonly total: number;
  /** What it waits for. */
  readonly note: string | null;
}

/** An id is given a moment after the time of its row, or waits for a lock. Milliseconds. */
const MARGIN = 60_000;

/**
 * The rows of a range, as conditions and their values, of a statement on `banyan_outbox o` that joins CLOCKS and RECEIPT.
 * Only what the stream has acknowledged is sent again, no replay, and nothing whose data was erased since.
 */
export function inRange({ types, from, to, key }: ReplayedRange): { sql: string; values: unknown[] } {
  return {
    sql: `o.state = 'settled' AND o.replay IS NULL AND ${SEQUENCE_NUMBER} IS NOT NULL AND o.type IN (?)
      AND (o.outcome IS NULL OR o.outcome <> 'erased')
      AND ${appendedAt('o')} >= FROM_UNIXTIME(? / 1000) AND ${appendedAt('o')} < FROM_UNIXTIME(? / 1000)
      ${key === undefined ? '' : 'AND CAST(o.partition_key AS BINARY) = CAST(? AS BINARY)'}`,
    values: [types, from, to, ...(key === undefined ? [] : [key])],
  };
}

/** The ids that a range can have: after the first, up to the last; undefined when there is no row. */
export async function idsOf(
  database: Database,
  { from, to }: ReplayedRange,
): Promise<{ readonly after: string; readonly last: string } | undefined> {
  const first = await firstIdAt(database, from - MARGIN);
  if (first === undefined) return undefined;
  const end = await firstIdAt(database, to + MARGIN);
  const { rows } = await runStatement<{ last: string }>(
    database,
    'SELECT CAST(MAX(id) AS CHAR) AS last FROM banyan_outbox',
  );
  return { after: String(first - 1n), last: end === undefined ? rows[0]!.last : String(end - 1n) };
}

/** How many events a range has, and since when the outbox has rows at all: what was there before is purged. RFC 3339. */
export async function countRange(
  database: Database,
  range: ReplayedRange,
): Promise<{ readonly total: number; readonly rowsSince: string | null }> {
  const { rows: oldest } = await runStatement<{ at: string }>(
    database,
    `SELECT ${appendedAt('o')} AS at FROM banyan_outbox o JOIN ${CLOCKS} ORDER BY id LIMIT 1`,
  );
  const rowsSince = oldest[0] ? `${oldest[0].at.replace(' ', 'T')}Z` : null;
  const ids = await idsOf(database, range);
  if (!ids) return { total: 0, rowsSince };
  const { sql, values } = inRange(range);
  let total = 0;
  // In pieces, so that each statement is short however long the history is.
  for (let after = BigInt(ids.after); after < BigInt(ids.last); after += 20_000n) {
    const { rows } = await runStatement<{ found: number }>(
      database,
      `SELECT COUNT(*) AS found FROM banyan_outbox o FORCE INDEX (PRIMARY) JOIN ${CLOCKS} ${RECEIPT}
        WHERE o.id > ? AND o.id <= ? AND o.id <= ? AND ${sql}`,
      [String(after), String(after + 20_000n), ids.last, ...values],
    );
    total += Number(rows[0]!.found);
  }
  return { total, rowsSince };
}

/** Asks for a replay; the job takes it up. */
export async function askForReplay(
  database: Database,
  { replay, what, askedBy, total }: Pick<Replay, 'replay' | 'what' | 'askedBy' | 'total'>,
): Promise<void> {
  await runStatement(
    database,
    'INSERT INTO banyan_outbox_replay (replay, what, asked_by, total) VALUES (?, ?, ?, ?)',
    [replay, JSON.stringify(what), askedBy, total],
  );
}

/** All replays, the latest first; those that are not over alone with `unfinished`, the oldest first. */
export async function readReplays(database: Database, unfinished = false): Promise<Replay[]> {
  const { rows } = await runStatement<
    Omit<Replay, 'what' | 'askedBy' | 'askedAt'> & { what: string; by: string; at: string }
  >(
    database,
    `SELECT replay, what, asked_by AS \`by\`, asked_at AS at, state, CAST(position AS CHAR) AS position, done, total, note
       FROM banyan_outbox_replay
      ${unfinished ? "WHERE state IN ('waiting', 'active') ORDER BY asked_at" : 'ORDER BY asked_at DESC'} LIMIT 100`,
    [],
    5_000,
  );
  return rows.map(({ what, by, at, ...row }) => ({
    ...row,
    what: JSON.parse(what) as ReplayedRange,
    askedBy: by,
    askedAt: `${at.replace(' ', 'T')}Z`,
    done: Number(row.done),
    total: Number(row.total),
  }));
}

/** Notes how far a replay is, unless it is over. Returns false when it was cancelled. */
export async function noteReplay(
  database: Database,
  replay: string,
  now: Pick<Replay, 'position' | 'done' | 'note'> & { readonly state: 'active' | 'completed' },
): Promise<boolean> {
  const { affected } = await runStatement(
    database,
    `UPDATE banyan_outbox_replay SET state = ?, position = GREATEST(position, ?), done = ?, note = ?,
            changed_at = CURRENT_TIMESTAMP(6) WHERE replay = ? AND state IN ('waiting', 'active')`,
    [now.state, now.position, now.done, now.note, replay],
  );
  return affected > 0;
}
