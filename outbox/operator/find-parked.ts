import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';
import { byId, parkedEvent, PARKED_COLUMNS, type ParkedEvent } from './parked-event.ts';

/** Which parked events: all that are given must hold. */
export interface ParkedFilter {
  readonly ids?: readonly (number | string)[] | undefined;
  readonly type?: string | undefined;
  /** Compared as bytes, like keys everywhere. */
  readonly keys?: readonly string[] | undefined;
  /** A part of the reason. */
  readonly reason?: string | undefined;
  /** `parked` (its key waits), `skipped` (its key has gone on); both unless given. */
  readonly state?: 'parked' | 'skipped' | undefined;
}

/**
 * The parked and skipped events that the filter lets through, in id order, at most `limit`. Parked ones stand together
 * in an index; skipped ones are settled rows like millions of others, and are found by the audit of their skipping.
 */
export async function findParked(
  database: Database,
  filter: ParkedFilter,
  limit: number,
): Promise<ParkedEvent[]> {
  const { sql, values } = conditions(filter);
  const found: ParkedEvent[] = [];
  for (const state of ['parked', 'skipped'] as const) {
    if ((filter.state ?? state) !== state) continue;
    const { rows } = await runStatement<ParkedEvent>(
      database,
      `SELECT ${PARKED_COLUMNS} FROM ${SOURCES[state]} ${sql} ORDER BY o.id LIMIT ?`,
      [...values, limit],
    );
    found.push(...rows.map(parkedEvent));
  }
  return found.toSorted(byId).slice(0, limit);
}

/** How many there are, and of how many keys. */
export async function countParked(
  database: Database,
  filter: ParkedFilter,
): Promise<{ events: number; keys: number }> {
  const { sql, values } = conditions(filter);
  const { rows } = await runStatement<{ events: number; keys: number }>(
    database,
    // As bytes: the collation takes 'a' and 'a ' for the same.
    `SELECT COUNT(*) AS events, COUNT(DISTINCT HEX(o.partition_key)) AS \`keys\`
       FROM ${SOURCES[filter.state ?? 'parked']} ${sql}`,
    values,
  );
  return { events: Number(rows[0]!.events), keys: Number(rows[0]!.keys) };
}

const SOURCES = {
  parked: `banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket) WHERE o.state = 'parked'`,
  skipped: `(SELECT DISTINCT outbox_id FROM banyan_outbox_audit WHERE action = 'skipped') a
            STRAIGHT_JOIN banyan_outbox o ON o.id = a.outbox_id
            WHERE o.state = 'settled' AND o.outcome = 'skipped'`,
};

function conditions({ ids, type, keys, reason }: ParkedFilter): { sql: string; values: unknown[] } {
  const parts: [string, unknown][] = [];
  if (ids) parts.push(['o.id IN (?)', ids.length > 0 ? ids : [0]]);
  if (type !== undefined) parts.push(['CAST(o.type AS BINARY) = ?', Buffer.from(type)]);
  if (keys)
    parts.push(['CAST(o.partition_key AS BINARY) IN (?)', keys.length > 0 ? keys.map(bytesOf) : ['']]);
  if (reason !== undefined) parts.push(['LOCATE(?, o.parked_reason) > 0', reason]);
  return { sql: parts.map(([sql]) => `AND ${sql}`).join(' '), values: parts.map(([, value]) => value) };
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}
