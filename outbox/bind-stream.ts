import type { RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { HEARTBEAT_AGGREGATE } from './event.ts';
import { runStatement } from './run-statement.ts';
import { changedTypes, mapText, nextMap, type StreamMap } from './stream-map.ts';

/** Another stream than the one that the outbox's events go to, while it can't change. */
export class StreamMismatch extends Error {}

/**
 * Binds the outbox to `stream`, and the aggregate types that are named to theirs. Returns the map that is in force now.
 * It is written at the first start, and changes only while no relay holds a lease: a type's stream while none of its
 * events is pending, else events of one key would be spread over two streams, in no order. A type that can't change
 * now stays where it is. Throws StreamMismatch when all other types can't change theirs.
 *
 * Leases are taken and renewed under a shared lock on the map (see lease.ts), so that none is taken for
 * the old one between the look at them here and the change.
 */
export async function bindStream(
  database: Database,
  stream: string,
  aggregates: Readonly<Record<string, string>> = {},
): Promise<StreamMap> {
  const wanted = { stream, aggregates };
  await runStatement(
    database,
    `INSERT IGNORE INTO banyan_outbox_stream (id, stream, aggregates) VALUES (1, ?, ?)`,
    [stream, mapText(wanted)],
  );
  const current = (await boundMap(database))!;
  if (current.stream === stream && changedTypes(current, wanted).length === 0) return current;
  const bound = await withConnection(database, (connection) => rebind(connection, wanted), {
    what: `binding the outbox to stream '${stream}'`,
  });
  if (bound.stream === stream) return bound;
  throw new StreamMismatch(
    `this outbox belongs to stream '${bound.stream}' and the relay is configured for '${stream}'. The stream can change ` +
      `only while no event is pending and no relay of '${bound.stream}' runs: let a relay of '${bound.stream}' empty the outbox ` +
      `and stop it, or set stream.name to '${bound.stream}'`,
  );
}

/** Returns the map in force. The lock comes first: what is read after it is up to date. */
async function rebind(connection: Connection, wanted: StreamMap): Promise<StreamMap> {
  await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await connection.beginTransaction();
  try {
    const [[found]] = await connection.query<RowDataPacket[]>(
      'SELECT stream, aggregates FROM banyan_outbox_stream WHERE id = 1 FOR UPDATE',
    );
    const current = readMap(found as BoundRow);
    const next = await possibleMap(connection, current, wanted);
    if (next !== current) {
      await connection.query('UPDATE banyan_outbox_stream SET stream = ?, aggregates = ? WHERE id = 1', [
        next.stream,
        mapText(next),
      ]);
    }
    await connection.commit();
    return next;
  } catch (error) {
    await connection.rollback().catch(() => connection.destroy());
    throw error;
  }
}

async function possibleMap(
  connection: Connection,
  current: StreamMap,
  wanted: StreamMap,
): Promise<StreamMap> {
  const [leased] = await connection.query<RowDataPacket[]>(
    'SELECT 1 FROM banyan_outbox_lease WHERE owner IS NOT NULL AND expires_at > CURRENT_TIMESTAMP(6) LIMIT 1',
  );
  if (leased.length > 0) return current;
  const isPending = async (condition: string, values: unknown[]) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT 1 FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
        WHERE state = 'pending' AND stream IS NULL AND CAST(SUBSTRING_INDEX(partition_key, ':', 1) AS BINARY) ${condition} LIMIT 1`,
      values,
    );
    return rows.length > 0;
  };
  if (current.stream !== wanted.stream) {
    const named = [...Object.keys(current.aggregates), ...Object.keys(wanted.aggregates)];
    // Heartbeats tell of the old stream only; without a name in it, a list is no SQL.
    if (await isPending('NOT IN (?)', [[HEARTBEAT_AGGREGATE, ...named]])) return current;
  }
  const pending = new Set<string>();
  for (const type of changedTypes(current, wanted)) if (await isPending('= ?', [type])) pending.add(type);
  return nextMap(current, wanted, pending);
}

interface BoundRow {
  readonly stream: string;
  readonly aggregates: string | null;
}

function readMap({ stream, aggregates }: BoundRow): StreamMap {
  return { stream, aggregates: JSON.parse(aggregates ?? '{}') as Record<string, string> };
}

/** The map of aggregate types to streams that is in force; undefined before the first relay started. */
export async function boundMap(database: Database, timeout?: number): Promise<StreamMap | undefined> {
  const { rows } = await runStatement<BoundRow>(
    database,
    `SELECT stream, aggregates FROM banyan_outbox_stream WHERE id = 1`,
    [],
    timeout,
  );
  return rows[0] && readMap(rows[0]);
}

/** The stream that the outbox is bound to; undefined before the first relay started. */
export async function boundStream(database: Database, timeout?: number): Promise<string | undefined> {
  return (await boundMap(database, timeout))?.stream;
}
