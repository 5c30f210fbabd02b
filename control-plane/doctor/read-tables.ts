import type { DatabaseFacts } from './facts.ts';
import type { Rows } from './read-database.ts';

/** Columns and indexes of Banyan's tables, and what the database's other tables are, as far as this user sees them. */
export async function readTables(rows: Rows): Promise<Pick<DatabaseFacts, 'columns' | 'indexes' | 'tables'>> {
  const columns = await rows(
    `SELECT TABLE_NAME AS tab, COLUMN_NAME AS col FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'banyan\\_%' ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const indexes = await rows(
    `SELECT TABLE_NAME AS tab, INDEX_NAME AS name, COLUMN_NAME AS col FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'banyan\\_%' ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  );
  const tables = await rows(
    `SELECT t.TABLE_NAME AS name, t.ENGINE AS engine, t.TABLE_COLLATION AS coll,
            EXISTS (SELECT 1 FROM information_schema.STATISTICS s
                     WHERE s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME
                       AND s.INDEX_NAME = 'PRIMARY') AS pk
       FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'
      ORDER BY t.TABLE_NAME`,
  );
  const byTable = <T>(found: typeof columns, of: (same: typeof columns) => T): Record<string, T> =>
    Object.fromEntries(
      [...Map.groupBy(found, ({ tab }) => tab as string)].map(([table, same]) => [table, of(same)]),
    );
  return {
    columns: byTable(columns, (same) => same.map(({ col }) => col as string)),
    indexes: byTable(indexes, (same) =>
      [...Map.groupBy(same, ({ name }) => name as string)].map(
        ([name, parts]) => `${name} (${parts.map(({ col }) => col).join(', ')})`,
      ),
    ),
    tables: tables.map(({ name, engine, coll, pk }) => ({
      name: name as string,
      engine: engine as string | null,
      primaryKey: Number(pk) === 1,
      charset: coll === null ? null : String(coll).split('_')[0]!,
    })),
  };
}
