import { readFile } from 'node:fs/promises';
import type { Database } from '../../runtime/database.ts';

/** Makes the service's tables in an empty database. */
export async function createSchema(database: Database): Promise<void> {
  const schema = await readFile(new URL('./schema.sql', import.meta.url), 'utf8');
  const statements = schema.replace(/^--.*$/gm, '').split(';');
  for (const statement of statements.filter((text) => text.trim())) await database.query(statement);
}
