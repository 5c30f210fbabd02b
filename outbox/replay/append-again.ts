import { createHash } from 'node:crypto';
import type { Database } from '../../runtime/database.ts';
import { CLOCKS } from '../appended-at.ts';
import { RECEIPT } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';
import { inRange, type Replay } from './replays.ts';

/** Most events of one key that wait to be sent again, so that its live events are held up by no more. */
const MOST_OF_KEY = 20;
/** Most rows that one call appends, and most bytes of data. */
const MOST_ROWS = 100;
const MOST_BYTES = 1_048_576;
/** Rows looked through at once. */
const PAGE = 1_000;

interface Original {
  readonly id: string;
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly occurred_at: string;
  readonly data: string;
  readonly extensions: string | null;
  readonly sequence: number | string | null;
  readonly bytes: number;
}

/** An event's id in a replay: the same at every attempt, so that none is appended twice. */
export function replayedId(replay: string, eventId: string): string {
  return createHash('sha256').update(`${replay} ${eventId}`).digest('hex').slice(0, 40);
}

/**
 * Appends the next events of a replay after id `after`, in id order, as new rows: with an id, a time of append and the
 * replay's name of their own, all else as it was. A number within the key is told and not taken: it is the original's.
 * Returns what was appended (fewer than were there when an earlier attempt had appended them) and the id to go on from;
 * `next` is undefined when the range is through.
 *
 * The values are read and written back, and not INSERT … SELECT: that one would lock the counter of ids against
 * all writers until it ends (MariaDB, and MySQL with innodb_autoinc_lock_mode = 1).
 */
export async function appendAgain(
  database: Database,
  { replay, what }: Pick<Replay, 'replay' | 'what'>,
  { after, last }: { readonly after: string; readonly last: string },
): Promise<{
  readonly appended: readonly string[];
  readonly passed: number;
  readonly next: string | undefined;
}> {
  const { sql, values } = inRange(what);
  const until = BigInt(after) + BigInt(PAGE) < BigInt(last) ? String(BigInt(after) + BigInt(PAGE)) : last;
  const { rows } = await runStatement<Pick<Original, 'id' | 'bytes'> & { partition_key: string }>(
    database,
    `SELECT CAST(o.id AS CHAR) AS id, o.bytes, o.partition_key
       FROM banyan_outbox o FORCE INDEX (PRIMARY) JOIN ${CLOCKS} ${RECEIPT}
      WHERE o.id > ? AND o.id <= ? AND ${sql} ORDER BY o.id LIMIT ?`,
    [after, until, ...values, MOST_ROWS],
  );
  const chosen = fit(rows);
  const whole = chosen.length === rows.length && rows.length < MOST_ROWS;
  const next = whole ? (until === last ? undefined : until) : chosen.at(-1)!.id;
  if (chosen.length === 0) return { appended: [], passed: 0, next };
  const { rows: originals } = await runStatement<Original>(
    database,
    `SELECT CAST(id AS CHAR) AS id, event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions,
            sequence, bytes FROM banyan_outbox FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY banyan_outbox.id`,
    [chosen.map(({ id }) => id)],
  );
  const ids = originals.map(({ event_id: id }) => replayedId(replay, id));
  const { rows: known } = await runStatement<{ event_id: string }>(
    database,
    'SELECT event_id FROM banyan_outbox WHERE event_id IN (?)',
    [ids],
  );
  const there = new Set(known.map(({ event_id: id }) => id));
  const fresh = originals.filter(({ event_id: id }) => !there.has(replayedId(replay, id)));
  if (fresh.length > 0)
    await runStatement(
      database,
      `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions, stream, replay)
       VALUES ${fresh.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
      fresh.flatMap((row) => [
        replayedId(replay, row.event_id),
        ...[row.source, row.type, row.aggregate_type, row.aggregate_id, row.occurred_at, row.data],
        marked(row, replay),
        what.stream ?? null,
        replay,
      ]),
    );
  return { appended: fresh.map(({ event_id: id }) => replayedId(replay, id)), passed: chosen.length, next };
}

/** The first rows, as many as fit by bytes and by key. */
function fit<Row extends { readonly bytes: number; readonly partition_key: string }>(
  rows: readonly Row[],
): readonly Row[] {
  const ofKey = new Map<string, number>();
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    const count = (ofKey.get(row.partition_key) ?? 0) + 1;
    ofKey.set(row.partition_key, count);
    bytes += row.bytes;
    return index > 0 && (count > MOST_OF_KEY || bytes > MOST_BYTES);
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** CloudEvents extensions that say what it is: the replay, the event that it repeats and its number. */
function marked({ extensions, event_id: id, sequence }: Original, replay: string): string {
  const given = extensions === null ? {} : (JSON.parse(extensions) as Record<string, unknown>);
  const number = sequence === null ? {} : { replayofsequence: String(sequence) };
  return JSON.stringify({ ...given, replayid: replay, replayof: id, ...number });
}

/** How many of the appended rows are not settled yet, and how many of these are parked. */
export async function countUnsettled(
  database: Database,
  replay: string,
): Promise<{ readonly pending: number; readonly parked: number }> {
  const { rows } = await runStatement<{ state: 'pending' | 'parked'; count: number }>(
    database,
    `SELECT state, COUNT(*) AS count FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
      WHERE state IN ('pending', 'parked') AND replay = ? GROUP BY state`,
    [replay],
  );
  const of = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0);
  return { pending: of('pending'), parked: of('parked') };
}
