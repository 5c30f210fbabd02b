import type { RowDataPacket } from 'mysql2/promise';
import type { CloudEvent } from '../../outbox/event.ts';
import type { Database } from '../../runtime/database.ts';
import { withConnection } from '../../runtime/with-connection.ts';

/** Which keys and events: all that are given must hold. */
export interface HeldFilter {
  readonly application?: string | undefined;
  /** Compared as bytes, like keys everywhere. */
  readonly key?: string | undefined;
}

/** A key of which numbers are missing. Numbers are texts: they may be above 2^53. */
export interface Gap {
  readonly application: string;
  readonly key: string;
  /** The last number handled. */
  readonly handled: string;
  /** The first one held: those between are missing. */
  readonly next: string;
  readonly held: number;
  /** Milliseconds since the first of them was held, by the database's clock. */
  readonly ageMs: number;
}

/** An event that is parked, since its key has passed its number. */
export interface KnownNumber {
  readonly id: number | string;
  readonly application: string;
  readonly key: string;
  readonly number: string;
  /** As the inbox has it: an id longer than 64 characters, or not of ASCII, is its SHA-256. */
  readonly eventId: string;
  /** The event that had the number before; null when that is not known: it was before the first one seen, or passed over. */
  readonly otherEventId: string | null;
  readonly type: string;
  /** `parked`, or `chosen`: it is to be handled, and the consumer has not done so yet. */
  readonly state: 'parked' | 'chosen';
  readonly ageMs: number;
}

/** Keys that wait for missing numbers, those that have waited longest first. */
export function findGaps(database: Database, filter: HeldFilter, limit: number): Promise<Gap[]> {
  const { sql, values } = conditions(filter);
  return read<Gap>(
    database,
    `SELECT h.application, h.\`key\`, CAST(s.last_number AS CHAR) AS handled, CAST(h.first AS CHAR) AS next, h.held, h.ageMs
       FROM (SELECT application, partition_key AS \`key\`, MIN(number) AS first, COUNT(*) AS held, ${ageOf('MIN(held_at)')} AS ageMs
               FROM banyan_inbox_held WHERE why = 'gap' ${sql} GROUP BY application, partition_key) h
       JOIN banyan_inbox_sequence s ON s.application = h.application AND s.partition_key = h.\`key\`
      WHERE h.first - 1 > s.last_number ORDER BY h.ageMs DESC, h.application, h.\`key\` LIMIT ?`,
    [...values, limit],
  );
}

/** Events that are parked for a number that their key has passed, in the order in which they came. */
export function findKnown(database: Database, filter: HeldFilter, limit: number): Promise<KnownNumber[]> {
  const { sql, values } = conditions(filter);
  return read<KnownNumber>(
    database,
    `SELECT id, application, partition_key AS \`key\`, CAST(number AS CHAR) AS number, event_id AS eventId,
            other_event_id AS otherEventId, type, IF(why = 'known', 'parked', 'chosen') AS state, ${ageOf('held_at')} AS ageMs
       FROM banyan_inbox_held WHERE why <> 'gap' ${sql} ORDER BY id LIMIT ?`,
    [...values, limit],
  );
}

/** A held event with its envelope; undefined when none has this id. */
export async function readHeldEvent(
  database: Database,
  id: string,
): Promise<
  | { readonly why: 'gap' | 'known' | 'handle'; readonly application: string; readonly event: CloudEvent }
  | undefined
> {
  const [row] = await read<{ why: 'gap' | 'known' | 'handle'; application: string; envelope: string }>(
    database,
    'SELECT why, application, envelope FROM banyan_inbox_held WHERE id = ?',
    [id],
  );
  return row && { why: row.why, application: row.application, event: JSON.parse(row.envelope) as CloudEvent };
}

const ageOf = (time: string) => `GREATEST(0, UNIX_TIMESTAMP() - UNIX_TIMESTAMP(${time})) * 1000`;

function conditions({ application, key }: HeldFilter): { sql: string; values: unknown[] } {
  const parts: [string, unknown][] = [];
  if (application !== undefined) parts.push(['application = ?', application]);
  if (key !== undefined) parts.push(['partition_key = ?', key]);
  return { sql: parts.map(([sql]) => `AND ${sql}`).join(' '), values: parts.map(([, value]) => value) };
}

function read<Row>(database: Database, sql: string, values: unknown[]): Promise<Row[]> {
  return withConnection(
    database,
    async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>(sql, values);
      return rows.map((row) =>
        'ageMs' in row ? { ...row, ageMs: Math.round(Number(row['ageMs'])) } : row,
      ) as Row[];
    },
    { what: 'reading what is held', timeout: 60_000 },
  );
}
