import type { RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../../runtime/database.ts';
import { withConnection } from '../../runtime/with-connection.ts';
import { readTriggers } from './introspect.ts';
import { withShortLockWait } from './lock-wait.ts';
import { identifier } from './sql-text.ts';
import { OPERATIONS, triggerName } from './triggers.ts';

/** Whether a capture has any of its triggers, as far as this account may see triggers. */
export async function isCapturing(database: Database, capture: string): Promise<boolean> {
  const what = `the triggers of capture '${capture}'`;
  const found = await withConnection(database, (connection) => ownTriggers(connection, capture), { what });
  return found.length > 0;
}

/**
 * Removes a capture's triggers, and nothing else; returns the names of those that were there. It needs the
 * capture's name only, so that it works when `banyan.yaml` doesn't have the capture any more.
 */
export async function dropCapture(database: Database, capture: string): Promise<string[]> {
  return withShortLockWait(database, `the table of capture '${capture}'`, async (connection) => {
    const found = await ownTriggers(connection, capture);
    for (const operation of OPERATIONS)
      await connection.query(`DROP TRIGGER IF EXISTS ${identifier(triggerName(capture, operation))}`);
    return found;
  });
}

/** The names of a capture's own triggers, wherever they are. */
async function ownTriggers(connection: Connection, capture: string): Promise<string[]> {
  const rows = async (sql: string, values: unknown[] = []) =>
    (await connection.query<RowDataPacket[]>(sql, values))[0];
  const [here] = await rows('SELECT DATABASE() AS db');
  const found = await readTriggers(rows, [here?.['db'] as string, ''], capture);
  return found.map(({ name }) => name).toSorted();
}
