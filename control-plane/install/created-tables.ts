import { splitStatements } from './split-statements.ts';

export interface CreatedTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The tables that a migration's text creates, with their columns in order. Names are in backticks there. */
export function createdTables(sql: string): CreatedTable[] {
  return splitStatements(sql).flatMap((statement) => {
    const table = /^CREATE TABLE (?:IF NOT EXISTS )?`(\w+)`/.exec(statement)?.[1];
    if (table === undefined) return [];
    const columns = [...statement.matchAll(/^\s+`(\w+)` /gm)].map(([, column]) => column!);
    return [{ table, columns }];
  });
}
