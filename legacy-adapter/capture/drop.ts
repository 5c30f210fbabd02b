import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { readTriggers } from './introspect.ts';
import { withShortLockWait } from './lock-wait.ts';
import { identifier } from './sql-text.ts';
import { OPERATIONS, triggerName } from './triggers.ts';

/**
 * Removes a capture's triggers, and nothing else; returns the names of those that were there. It needs the
 * capture's name only, so that it works when `banyan.yaml` doesn't have the capture any more.
 */
export async function dropCapture(database: Database, capture: string): Promise<string[]> {
  return withShortLockWait(database, `the table of capture '${capture}'`, async (connection) => {
    const rows = async (sql: string, values: unknown[] = []) =>
      (await connection.query<RowDataPacket[]>(sql, values))[0];
    const [here] = await rows('SELECT DATABASE() AS db');
    const names = OPERATIONS.map((operation) => triggerName(capture, operation));
    const found = await readTriggers(rows, [here?.['db'] as string, ''], capture);
    for (const name of names) await connection.query(`DROP TRIGGER IF EXISTS ${identifier(name)}`);
    return found.map(({ name }) => name).toSorted();
  });
}
