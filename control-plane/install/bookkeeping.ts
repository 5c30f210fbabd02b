import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../../runtime/database.ts';
import type { Migration } from './migrations.ts';
import type { TableSet } from './table-set.ts';

/** Which migrations a database has; it is created by the first `install` and goes with the last `uninstall`. */
export const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS \`banyan_migration\` (
  \`name\` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  \`table_set\` VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  \`checksum\` CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  \`applied_at\` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (\`name\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`;

/** The statement that records a migration as applied; harmless when it is recorded already. */
export function recordStatement(set: TableSet, { name, checksum }: Migration): string {
  return `INSERT IGNORE INTO \`banyan_migration\` (\`name\`, \`table_set\`, \`checksum\`) VALUES ('${name}', '${set}', '${checksum}')`;
}

/** The checksums of a set's applied migrations by name. Empty when nothing was ever installed. */
export async function appliedMigrations(connection: Connection, set: TableSet): Promise<Map<string, string>> {
  if (!(await existingTables(connection)).has('banyan_migration')) return new Map();
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT name, checksum FROM banyan_migration WHERE table_set = ?',
    [set],
  );
  return new Map(rows.map(({ name, checksum }) => [name as string, checksum as string]));
}

/** Tables (and views) of the connection's database whose name begins with `banyan_`, with their columns. */
export async function existingTables(connection: Connection): Promise<Map<string, string[]>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS name, column_name AS col FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name LIKE 'banyan\\_%' ORDER BY table_name, ordinal_position`,
  );
  const tables = new Map<string, string[]>();
  for (const { name, col } of rows) {
    tables.set(name as string, [...(tables.get(name as string) ?? []), col as string]);
  }
  return tables;
}
