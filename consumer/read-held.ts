import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../runtime/database.ts';
import { withTables } from './key-numbers.ts';
import type { HeldCounts, HeldReading, WaitingKey } from './sequence-inbox.ts';

/** Keys that one reading names as ready. */
const MOST_READY = 100;

/** How much is held, and of which keys something can be handled. Where nothing is held that is one look at an index. */
export async function readHeld(connection: Connection, application: string): Promise<HeldReading> {
  const [rows] = await withTables(
    connection.query<RowDataPacket[]>(
      `SELECT IF(why = 'known', 'known', 'gap') AS why, COUNT(*) AS events, MIN(recorded_ms) AS recorded,
              UNIX_TIMESTAMP() - UNIX_TIMESTAMP(MIN(held_at)) AS seconds
         FROM banyan_inbox_held WHERE application = ? GROUP BY IF(why = 'known', 'known', 'gap')`,
      [application],
    ),
  );
  const counts = (why: string): HeldCounts => {
    const row = rows.find((one) => one['why'] === why);
    return {
      events: Number(row?.['events'] ?? 0),
      recorded: row && Number(row['recorded']),
      oldestSeconds: Math.max(0, Math.floor(Number(row?.['seconds'] ?? 0))),
    };
  };
  const gap = counts('gap');
  if (gap.events === 0) return { gap, known: counts('known'), ready: [] };
  const [ready] = await connection.query<RowDataPacket[]>(
    `SELECT DISTINCT s.partition_key AS \`key\`
       FROM (SELECT why, partition_key, MIN(number) AS first FROM banyan_inbox_held
              WHERE application = ? AND why IN ('gap', 'handle') GROUP BY why, partition_key) h
       JOIN banyan_inbox_sequence s ON s.application = ? AND s.partition_key = h.partition_key
      WHERE h.why = 'handle' OR h.first - 1 <= s.last_number LIMIT ${MOST_READY}`,
    [application, application],
  );
  return { gap, known: counts('known'), ready: ready.map((row) => row['key'] as string) };
}

/** The keys that have waited longest, the longest first. */
export async function readWaiting(
  connection: Connection,
  application: string,
  most: number,
): Promise<WaitingKey[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT h.partition_key AS \`key\`, CAST(s.last_number AS CHAR) AS last, CAST(h.first AS CHAR) AS first, h.events,
            UNIX_TIMESTAMP() - UNIX_TIMESTAMP(h.since) AS seconds
       FROM (SELECT partition_key, MIN(number) AS first, COUNT(*) AS events, MIN(held_at) AS since
               FROM banyan_inbox_held WHERE application = ? AND why = 'gap' GROUP BY partition_key) h
       JOIN banyan_inbox_sequence s ON s.application = ? AND s.partition_key = h.partition_key
      WHERE h.first - 1 > s.last_number ORDER BY h.since LIMIT ?`,
    [application, application, most],
  );
  return rows.map(({ key, last, first, events, seconds }) => ({
    key: key as string,
    last: BigInt(last as string),
    first: BigInt(first as string),
    events: Number(events),
    seconds: Math.max(0, Math.floor(Number(seconds))),
  }));
}
