import { createdTables } from './created-tables.ts';
import { migrationsOf } from './migrations.ts';
import type { TableSet } from './table-set.ts';

export interface ExpectedTable {
  readonly table: string;
  readonly columns: readonly string[];
  /** By name (`PRIMARY` is one): its columns, and the statement that adds it. */
  readonly indexes: Readonly<Record<string, { readonly columns: string; readonly add: string }>>;
}

/** The tables of a set as its migrations leave them, read from their text: columns and indexes, changes included. */
export function expectedTables(set: TableSet): ExpectedTable[] {
  const tables = new Map<string, { columns: string[]; indexes: ExpectedTable['indexes'] }>();
  for (const { sql } of migrationsOf(set)) {
    for (const { table, columns } of createdTables(sql))
      tables.set(table, { columns: [...columns], indexes: {} });
    for (const [, table, text] of sql.matchAll(
      /(?:CREATE TABLE (?:IF NOT EXISTS )?|ALTER TABLE )`(\w+)`([\s\S]*?)(?=;|ALTER TABLE|CREATE TABLE|$)/g,
    )) {
      const found = tables.get(table!);
      if (!found) continue;
      for (const [, column] of text!.matchAll(/ADD COLUMN `(\w+)`/g)) found.columns.push(column!);
      found.indexes = indexesAfter(table!, found.indexes, text!);
    }
  }
  return [...tables].map(([table, rest]) => ({ table, ...rest }));
}

const INDEX =
  /DROP INDEX `(?<dropped>\w+)`|(?<kind>PRIMARY|UNIQUE|(?<=ADD )INDEX|(?<=^\s+)KEY|(?<=ADD )KEY)(?: KEY| INDEX)?(?: `(?<name>\w+)`)? \((?<columns>[^)]*)\)/gm;

/** Those of a table after a statement of which `text` is what follows the table's name. */
function indexesAfter(
  table: string,
  before: ExpectedTable['indexes'],
  text: string,
): ExpectedTable['indexes'] {
  const indexes = { ...before };
  for (const { groups = {} } of text.matchAll(INDEX)) {
    const { dropped, kind, name = 'PRIMARY', columns = '' } = groups;
    if (dropped !== undefined) delete indexes[dropped];
    else {
      const what =
        kind === 'PRIMARY' ? 'PRIMARY KEY' : `${kind === 'UNIQUE' ? 'UNIQUE ' : ''}INDEX \`${name}\``;
      const add = `ALTER TABLE \`${table}\` ADD ${what} (${columns}), ALGORITHM=INPLACE, LOCK=NONE`;
      indexes[name] = { columns: columns.replaceAll(/[`\s]/g, '').replaceAll(',', ', '), add };
    }
  }
  return indexes;
}
