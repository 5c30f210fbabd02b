import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** Tells the writers what the stream takes. */
export async function writeRecordLimit(database: Database, stream: string, bytes: number): Promise<void> {
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_limit (stream, record_bytes) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE record_bytes = VALUES(record_bytes), read_at = CURRENT_TIMESTAMP(6)`,
    [stream, bytes],
  );
}
