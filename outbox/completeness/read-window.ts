import type { Database } from '../../runtime/database.ts';
import { appendedAt, CLOCKS } from '../appended-at.ts';
import { HEARTBEAT } from '../event.ts';
import { OUTCOME, RECEIPT, SEQUENCE_NUMBER, SETTLED_EPOCH, SHARD_ID } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';
import type { AuditedRow } from './row-ending.ts';

/** From (inclusive) to (exclusive), in milliseconds since 1970 by the database's clock. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** By so many seconds an id may be out of the order of time: it is given a moment after the time, or waits for a lock. */
const MARGIN = 60;

/** The first id appended at `time` or later; undefined when there is none. Reads some thirty rows, however many there are. */
export async function firstIdAt(database: Database, time: number): Promise<bigint | undefined> {
  const { rows } = await runStatement<{ low: string | null; high: string | null }>(
    database,
    'SELECT CAST(MIN(id) AS CHAR) AS low, CAST(MAX(id) AS CHAR) AS high FROM banyan_outbox',
  );
  const ends = rows[0];
  if (!ends?.low || !ends.high) return undefined;
  let low = BigInt(ends.low);
  let high = BigInt(ends.high) + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const { rows: found } = await runStatement<{ id: string; earlier: number }>(
      database,
      `SELECT CAST(id AS CHAR) AS id, ${appendedAt('o')} < FROM_UNIXTIME(? / 1000) AS earlier
         FROM banyan_outbox o FORCE INDEX (PRIMARY) JOIN ${CLOCKS} WHERE id >= ? ORDER BY o.id LIMIT 1`,
      [time, String(middle)],
    );
    const row = found[0];
    if (row?.earlier === 1) low = BigInt(row.id) + 1n;
    else high = middle;
  }
  return low > BigInt(ends.high) ? undefined : low;
}

/** Yields the rows that were appended in the window, heartbeats aside, in id order and page by page, by primary key and without locks. */
export async function* readWindow(
  database: Database,
  { from, to }: TimeWindow,
  size = 500,
): AsyncGenerator<readonly AuditedRow[]> {
  const first = await firstIdAt(database, from - MARGIN * 1_000);
  if (first === undefined) return;
  let after = String(first - 1n);
  for (;;) {
    const { rows } = await runStatement<AuditedRow & { inside: number; beyond: number }>(
      database,
      `SELECT o.id, o.event_id, o.type, o.partition_key, o.state, ${OUTCOME} AS outcome,
              ${SETTLED_EPOCH} AS settled_epoch, l.epoch, ${SHARD_ID} AS shard_id,
              ${SEQUENCE_NUMBER} AS sequence_number, o.parked_reason, o.sequence, o.replay,
              ${appendedAt('o')} >= FROM_UNIXTIME(? / 1000) AND ${appendedAt('o')} < FROM_UNIXTIME(? / 1000) AS inside,
              ${appendedAt('o')} > FROM_UNIXTIME(? / 1000) + INTERVAL ${MARGIN} SECOND AS beyond
         FROM banyan_outbox o FORCE INDEX (PRIMARY) JOIN ${CLOCKS} ${RECEIPT}
         LEFT JOIN banyan_outbox_lease l ON l.bucket = o.bucket
        WHERE o.id > ? ORDER BY o.id LIMIT ?`,
      [from, to, to, after, size],
    );
    yield rows.filter(({ inside, type }) => inside === 1 && type !== HEARTBEAT);
    const last = rows.at(-1);
    if (last === undefined || rows.length < size || last.beyond === 1) return;
    after = String(last.id);
  }
}
