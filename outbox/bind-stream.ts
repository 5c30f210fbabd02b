import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** Another stream than the one that the outbox's events go to, while it can't change. */
export class StreamMismatch extends Error {}

/**
 * Binds the outbox to `stream`. The binding is written at the first start and changes only while nothing is
 * pending and no relay holds a lease: else events of one key would be spread over two streams, in no order.
 * Throws StreamMismatch when it can't change now.
 */
export async function bindStream(database: Database, stream: string): Promise<void> {
  await runStatement(database, `INSERT IGNORE INTO banyan_outbox_stream (id, stream) VALUES (1, ?)`, [
    stream,
  ]);
  const bound = await boundStream(database);
  if (bound === stream) return;
  const { affected } = await runStatement(
    database,
    `UPDATE banyan_outbox_stream SET stream = ?
      WHERE id = 1 AND stream = ?
        AND NOT EXISTS (SELECT 1 FROM banyan_outbox WHERE state = 'pending')
        AND NOT EXISTS (SELECT 1 FROM banyan_outbox_lease
                         WHERE owner IS NOT NULL AND expires_at > CURRENT_TIMESTAMP(6))`,
    [stream, bound],
  );
  if (affected === 1 || (await boundStream(database)) === stream) return;
  throw new StreamMismatch(
    `this outbox belongs to stream '${bound}' and the relay is configured for '${stream}'. The stream can change ` +
      `only while no event is pending and no relay of '${bound}' runs: let a relay of '${bound}' empty the outbox ` +
      `and stop it, or set stream.name to '${bound}'`,
  );
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
