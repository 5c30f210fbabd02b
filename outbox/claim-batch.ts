import type { Database } from '../runtime/database.ts';
import type { OutboxRow } from './envelope.ts';
import { findPending, type BucketClaim, type PendingRow } from './find-pending.ts';
import { MOST_READ, readPending } from './read-pending.ts';
import type { StreamRows } from './stream-map.ts';

/** Which of the rows found to read: per key none, or its first ones without a gap. */
export type Choose = (found: readonly PendingRow[]) => readonly PendingRow[];

/**
 * Reads the first pending rows of each bucket, in id order; locks and changes nothing. Found first and read
 * then, so that the caller can say by their size how much it takes into memory. By default it takes all, of all streams.
 * Yields them in parts, each while the next one is read.
 *
 * Pending is a state, never a cursor: ids become visible in commit order, not in their own, so a reader that
 * goes on from its last id loses the row that commits late (reproduced on MariaDB 10.11). SKIP LOCKED over
 * rows inverts a key in a single statement (reproduced on both databases).
 *
 * Why order per key holds: finding is one statement, and so one consistent read. A writer holds its
 * aggregate's lock from before the INSERT to after the commit, so within a key ids are in commit order and a
 * visible row implies that all earlier rows of its key are visible. Cut off by LIMIT in id order, what is found of
 * a key is therefore a prefix of its pending rows, and so is what is chosen of it. What a row says never
 * changes, so it may be read later; but where one isn't pending any more by then (another relay settled or
 * parked it), nothing behind it is taken.
 *
 * Rows that are in memory already are found again and not chosen; what stands behind them in their key is the rest of the
 * same prefix. A key that takes no rows now is left out as a whole, by name and not by an id range. A key with a parked
 * row waits, and is left out too, so that neither occupies the window.
 */
export async function* claimBatch(
  database: Database,
  claims: readonly BucketClaim[],
  choose: Choose = (found) => found,
  rowsOf?: StreamRows,
): AsyncGenerator<OutboxRow[]> {
  const chosen = choose(await findPending(database, claims, rowsOf));
  const gone = new Set<string>();
  let next = readPart(database, chosen, 0);
  for (let from = MOST_READ; next !== undefined; from += MOST_READ) {
    const { part, rows } = await next;
    next = readPart(database, chosen, from);
    // Whoever stops in between never waits for it.
    next?.catch(() => {});
    yield rows.length === part.length && gone.size === 0 ? rows : withoutGaps(part, rows, gone);
  }
}

function readPart(
  database: Database,
  chosen: readonly PendingRow[],
  from: number,
): Promise<{ part: readonly PendingRow[]; rows: OutboxRow[] }> | undefined {
  const part = chosen.slice(from, from + MOST_READ);
  const ids = part.map(({ id }) => id);
  return ids.length === 0 ? undefined : readPending(database, ids).then((rows) => ({ part, rows }));
}

/** `gone`: keys of which a row isn't pending any more; added to. */
function withoutGaps(
  part: readonly PendingRow[],
  rows: readonly OutboxRow[],
  gone: Set<string>,
): OutboxRow[] {
  const pending = new Map(rows.map((row) => [row.id, row]));
  return part.flatMap(({ id, partition_key: key }) => {
    const row = pending.get(id);
    if (row === undefined) gone.add(key);
    return row === undefined || gone.has(key) ? [] : [row];
  });
}
