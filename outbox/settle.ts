import type { ResultSetHeader } from 'mysql2/promise';
import { inTransaction, type Connection, type Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** A row that needs no sending any more. Without `sequenceNumber` it was never sent, because it means nothing outside. */
export interface Settlement {
  readonly id: number | string;
  readonly bucket: number;
  /** The epoch of the lease under which it was acknowledged. */
  readonly epoch: number;
  readonly shardId?: string;
  readonly sequenceNumber?: string;
}

/** Most rows that one call takes: small enough that no writer ever waits for it. */
export const MOST_SETTLED = 500;

/** Milliseconds that one attempt may take. */
const TIMEOUT = 10_000;

/**
 * Settles pending rows by primary key, each with its receipt, in one transaction of two statements. A row whose bucket
 * has changed its owner or epoch since is left alone: the new owner sends it again. Returns the ids of the rows that
 * are settled under the epoch given, those of an earlier attempt whose answer got lost among them.
 *
 * What the stream answered goes into a table of its own, and the row changes in place: rows that grow as they are
 * settled split their pages (docs/decisions/0009-receipts.md).
 */
export async function settle(
  database: Database,
  owner: string,
  settlements: readonly Settlement[],
): Promise<Set<number | string>> {
  if (settlements.length === 0) return new Set();
  // Bucket by bucket, so that the rows of the leases are locked in the order in which they are renewed.
  const rows = settlements.toSorted((a, b) => a.bucket - b.bucket || Number(a.id) - Number(b.id));
  if (await settleAll(database, owner, rows)) return new Set(rows.map(({ id }) => id));
  const open = await stillOpen(database, owner, rows);
  if (open.length > 0 && !(await settleAll(database, owner, open)))
    throw new Error(
      `${open.length} rows changed while they were settled; they are settled at the next attempt`,
    );
  return settledAmong(database, rows);
}

/** Settles these rows, or none and returns false where one isn't pending, or its lease is not this one, any more. */
async function settleAll(database: Database, owner: string, rows: readonly Settlement[]): Promise<boolean> {
  return inTransaction(
    database,
    async (connection) => {
      const changed = await write(
        connection,
        `UPDATE ${leased(rows.length)} SET o.state = 'settled' WHERE o.state = 'pending'`,
        [...rows.flatMap(({ id, epoch }) => [id, epoch]), owner],
      );
      if (changed !== rows.length) {
        await connection.rollback();
        return false;
      }
      // Where a row was made pending again by hand, there is one.
      await write(
        connection,
        `INSERT INTO banyan_outbox_receipt (id, settled_epoch, shard_id, sequence_number)
         VALUES (?, ?, ?, ?)${', (?, ?, ?, ?)'.repeat(rows.length - 1)}
         ON DUPLICATE KEY UPDATE settled_at = CURRENT_TIMESTAMP(6), settled_epoch = VALUES(settled_epoch),
            shard_id = VALUES(shard_id), sequence_number = VALUES(sequence_number)`,
        rows.flatMap(({ id, epoch, shardId = null, sequenceNumber = null }) => [
          id,
          epoch,
          shardId,
          sequenceNumber,
        ]),
      );
      return true;
    },
    { what: 'settling events', timeout: TIMEOUT },
  );
}

/**
 * The given rows under their leases. A join in a fixed order, and not `WHERE id IN (…)`: on a small table both optimizers
 * may read all of it for an IN, and would wait for the row of a writer that hasn't committed (seen on MariaDB 10.11).
 */
const leased = (count: number) => `${given(count)} v STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
  STRAIGHT_JOIN banyan_outbox_lease l ON l.bucket = o.bucket AND l.owner = ? AND l.epoch = v.epoch`;

const given = (count: number) => `(SELECT ? AS id, ? AS epoch ${'UNION ALL SELECT ?, ? '.repeat(count - 1)})`;

async function write(connection: Connection, sql: string, values: unknown[]): Promise<number> {
  const [{ affectedRows }] = await connection.query<ResultSetHeader>(sql, values);
  return affectedRows;
}

/** Those that are pending, under the lease given. */
async function stillOpen(
  database: Database,
  owner: string,
  rows: readonly Settlement[],
): Promise<Settlement[]> {
  const { rows: found } = await runStatement<{ id: number | string }>(
    database,
    `SELECT o.id FROM ${leased(rows.length)} WHERE o.state = 'pending'`,
    [...rows.flatMap(({ id, epoch }) => [id, epoch]), owner],
  );
  const open = new Set(found.map(({ id }) => id));
  return rows.filter(({ id }) => open.has(id));
}

/** The ids of those that are settled under the epoch given. */
async function settledAmong(database: Database, rows: readonly Settlement[]): Promise<Set<number | string>> {
  const { rows: settled } = await runStatement<{ id: number | string }>(
    database,
    `SELECT o.id FROM ${given(rows.length)} v
       STRAIGHT_JOIN banyan_outbox o ON o.id = v.id
       STRAIGHT_JOIN banyan_outbox_receipt r ON r.id = o.id AND r.settled_epoch = v.epoch
      WHERE o.state = 'settled'`,
    rows.flatMap(({ id, epoch }) => [id, epoch]),
  );
  return new Set(settled.map(({ id }) => id));
}
