import { inTransaction, type Connection, type Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { OUTCOME, RECEIPT } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';
import { audit, type AuditedEvent, type Author } from './audit.ts';
import { persist } from './persist.ts';

/** What the outbox has of a key. */
export interface EventsOfKey {
  readonly bucket: number;
  readonly pending: number;
  readonly parked: number;
  readonly settled: number;
  /** Of the settled ones: those whose data was overwritten before. */
  readonly erased: number;
}

export type EraseOutcome =
  | { readonly kind: 'erased'; readonly events: number }
  /** A relay may have read pending events of the key already, and would send them with their data. */
  | { readonly kind: 'in-flight' };

/** What a row says after it was erased. */
export const ERASED = '{"erased":true}';

/** Rows of one transaction. */
const BATCH = 100;

/** A bucket's lease that nobody has renewed for so long covers no request any more, whatever its relay's time-outs are. */
const LEASE_OVER = '10 MINUTE';

/** Counts the events of a key. It reads the index entries of the key's bucket, a 64th of the table, and no data. */
export async function countEvents(database: Database, key: string): Promise<EventsOfKey> {
  const { rows } = await runStatement<EventsOfKey>(
    database,
    `SELECT CRC32(?) MOD 64 AS bucket, COALESCE(SUM(o.state = 'pending'), 0) AS pending,
            COALESCE(SUM(o.state = 'parked'), 0) AS parked, COALESCE(SUM(o.state = 'settled'), 0) AS settled,
            COALESCE(SUM(o.outcome = 'erased'), 0) AS erased
       FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket)
      WHERE o.state IN ('pending', 'parked', 'settled') AND o.bucket = CRC32(?) MOD 64
        AND o.partition_key = ? AND CAST(o.partition_key AS BINARY) = ?`,
    [key, key, key, Buffer.from(key)],
    60_000,
  );
  const [counts] = rows as [EventsOfKey];
  return Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [name, Number(value)]),
  ) as unknown as EventsOfKey;
}

/**
 * Overwrites the data and extensions of all events of a key, in small transactions that each write their audit: settled
 * ones, then those that are pending, then the parked ones, which hold the key until all others are done. What was not sent
 * is settled as *erased* and never will be. Pending events are erased only if `pending` says so, and only where no relay can have read them: while the
 * key is held by a parked one, or while nobody has the bucket's lease. Cut off, it is completed by being called again.
 */
export async function eraseEvents(
  database: Database,
  { key, bucket, pending }: { readonly key: string; readonly bucket: number; readonly pending: boolean },
  author: Author,
): Promise<EraseOutcome> {
  let events = 0;
  for (const state of ['settled', 'pending', 'parked'] as const) {
    if (state === 'pending' && !pending) continue;
    for (;;) {
      const began = performance.now();
      const done = await persist(() =>
        inTransaction(database, (connection) => eraseBatch(connection, { key, bucket, state }, author), {
          what: 'erasing events',
          timeout: 60_000,
        }),
      );
      if (done === 'in-flight') return { kind: 'in-flight' };
      events += done;
      if (done === 0) break;
      // Writers come first: it rests as long as it worked.
      await wait(Math.max(5, performance.now() - began));
    }
  }
  return { kind: 'erased', events };
}

async function eraseBatch(
  connection: Connection,
  { key, bucket, state }: { key: string; bucket: number; state: 'settled' | 'pending' | 'parked' },
  author: Author,
): Promise<number | 'in-flight'> {
  const ids = await queryRows<{ id: number | string }>(
    connection,
    `SELECT o.id FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket)
      WHERE o.state = ? AND o.bucket = ? AND o.partition_key = ? AND CAST(o.partition_key AS BINARY) = ?
        AND (o.outcome IS NULL OR o.outcome <> 'erased')
      ORDER BY o.id LIMIT ?`,
    [state, bucket, key, Buffer.from(key), BATCH],
  );
  if (ids.length === 0) return 0;
  if (state === 'pending' && !(await isOutOfReach(connection, key, bucket))) return 'in-flight';
  const these = `(SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(ids.length - 1)}) v
                 STRAIGHT_JOIN banyan_outbox o ON o.id = v.id`;
  const values = ids.map(({ id }) => id);
  // Without the receipts: who may only read them can't lock them.
  await queryRows(connection, `SELECT o.id FROM ${these} WHERE o.state = '${state}' FOR UPDATE`, values);
  const found = await queryRows<AuditedEvent & { outcome: string | null }>(
    connection,
    `SELECT o.id, o.event_id AS eventId, o.type, o.partition_key AS \`key\`, ${OUTCOME} AS outcome
       FROM ${these} ${RECEIPT} WHERE o.state = '${state}'`,
    values,
  );
  const unsent = state === 'settled' ? '' : `o.state = 'settled', o.settled_at = CURRENT_TIMESTAMP(6),`;
  await connection.query(
    `UPDATE ${these} SET ${unsent} o.outcome = 'erased', o.data = ?, o.extensions = NULL, o.parked_reason = NULL
      WHERE o.state = '${state}'`,
    [...values, ERASED],
  );
  await audit(
    connection,
    'erased',
    found.map(({ outcome, ...event }) => ({ ...event, detail: `was ${outcome ?? state}` })),
    author,
  );
  return found.length;
}

/**
 * Whether no relay has pending rows of the key in memory, nor can read any until this transaction ends. A parked row of
 * the key keeps all of them out, and what is behind it is dropped before it is parked. Both are read with locks.
 */
async function isOutOfReach(connection: Connection, key: string, bucket: number): Promise<boolean> {
  const parked = await queryRows(
    connection,
    `SELECT id FROM banyan_outbox FORCE INDEX (banyan_outbox_parked_key)
      WHERE parked_key = ? AND CAST(parked_key AS BINARY) = ? LIMIT 1 FOR UPDATE`,
    [key, Buffer.from(key)],
  );
  if (parked.length > 0) return true;
  const free = await queryRows(
    connection,
    `SELECT bucket FROM banyan_outbox_lease
      WHERE bucket = ? AND (owner IS NULL OR expires_at < CURRENT_TIMESTAMP(6) - INTERVAL ${LEASE_OVER})
       LOCK IN SHARE MODE`,
    [bucket],
  );
  return free.length > 0;
}

async function queryRows<Row>(
  connection: Connection,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const [rows] = await connection.query(sql, values as unknown[]);
  return rows as Row[];
}
