import type { RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { runStatement } from './run-statement.ts';

/** Another stream than the one that the outbox's events go to, while it can't change. */
export class StreamMismatch extends Error {}

/**
 * Binds the outbox to `stream`. The binding is written at the first start and changes only while nothing is
 * pending and no relay holds a lease: else events of one key would be spread over two streams, in no order.
 * Leases are taken and renewed under a shared lock on the binding (see lease.ts), so that none is taken for
 * the old stream between the look at them here and the change. Throws StreamMismatch when it can't change now.
 */
export async function bindStream(database: Database, stream: string): Promise<void> {
  await runStatement(database, `INSERT IGNORE INTO banyan_outbox_stream (id, stream) VALUES (1, ?)`, [
    stream,
  ]);
  const bound = await boundStream(database);
  if (bound === stream) return;
  const changed = await withConnection(database, (connection) => rebind(connection, stream), {
    what: `binding the outbox to stream '${stream}'`,
  });
  if (changed) return;
  throw new StreamMismatch(
    `this outbox belongs to stream '${bound}' and the relay is configured for '${stream}'. The stream can change ` +
      `only while no event is pending and no relay of '${bound}' runs: let a relay of '${bound}' empty the outbox ` +
      `and stop it, or set stream.name to '${bound}'`,
  );
}

/** Returns whether the outbox is bound to `stream` now. The lock comes first: what is read after it is up to date. */
async function rebind(connection: Connection, stream: string): Promise<boolean> {
  await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await connection.beginTransaction();
  try {
    await connection.query('SELECT stream FROM banyan_outbox_stream WHERE id = 1 FOR UPDATE');
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT EXISTS (SELECT 1 FROM banyan_outbox WHERE state = 'pending') AS pending,
              EXISTS (SELECT 1 FROM banyan_outbox_lease
                       WHERE owner IS NOT NULL AND expires_at > CURRENT_TIMESTAMP(6)) AS leased,
              (SELECT stream FROM banyan_outbox_stream WHERE id = 1) = ? AS bound`,
      [stream],
    );
    const [{ pending, leased, bound }] = rows as [{ pending: number; leased: number; bound: number }];
    const free = pending === 0 && leased === 0;
    if (free) await connection.query('UPDATE banyan_outbox_stream SET stream = ? WHERE id = 1', [stream]);
    await connection.commit();
    return free || bound === 1;
  } catch (error) {
    await connection.rollback().catch(() => connection.destroy());
    throw error;
  }
}

/** The stream that the outbox is bound to; undefined before the first relay started. */
export async function boundStream(database: Database, timeout?: number): Promise<string | undefined> {
  const { rows } = await runStatement<{ stream: string }>(
    database,
    `SELECT stream FROM banyan_outbox_stream WHERE id = 1`,
    [],
    timeout,
  );
  return rows[0]?.stream;
}
