import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../../runtime/database.ts';
import type { Capture, Cascade, Column, ExistingTrigger, Facts } from './facts.ts';
import { OPERATIONS, triggerName } from './triggers.ts';

/** Reads what planning needs from the connection's own database. It takes no lock on any table. */
export async function introspect(
  connection: Connection,
  capture: Pick<Capture, 'name' | 'table'>,
): Promise<Facts> {
  const rows = async (sql: string, values: unknown[] = []) =>
    (await connection.query<RowDataPacket[]>(sql, values))[0];
  const [server] = (await rows(
    'SELECT DATABASE() AS db, CURRENT_USER() AS account, VERSION() AS version, @@log_bin AS bin_log, @@binlog_format AS bin_format, @@log_bin_trust_function_creators AS trusts, @@GLOBAL.max_allowed_packet AS packet',
  )) as [RowDataPacket];
  const database = server['db'] as string;
  const isMariaDb = (server['version'] as string).includes('MariaDB');
  const here = [database, capture.table];

  const [table] = await rows(
    'SELECT TABLE_TYPE AS type, ENGINE AS engine, TABLE_ROWS AS estimate FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    here,
  );
  const outbox = await rows(
    "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'banyan_outbox'",
    [database],
  );
  const identifying = await rows(
    `SELECT MIN(s.COLUMN_NAME) AS name FROM information_schema.STATISTICS s
      WHERE s.TABLE_SCHEMA = ? AND s.TABLE_NAME = ? AND s.NON_UNIQUE = 0
      GROUP BY s.INDEX_NAME
      HAVING COUNT(*) = 1 AND MAX(s.SUB_PART) IS NULL AND MAX(s.NULLABLE) <> 'YES'`,
    here,
  );
  const grants = await rows('SHOW GRANTS');
  return {
    database,
    account: server['account'] as string,
    grants: grants.map((row) => String(Object.values(row)[0])),
    isMariaDb,
    binaryLog: Number(server['bin_log']) === 1,
    binlogFormat: String(server['bin_format']),
    trustsFunctionCreators: Number(server['trusts']) === 1,
    maxAllowedPacket: Number(server['packet']),
    outboxInstalled: outbox.length > 0,
    table: table && {
      type: table['type'] as string,
      engine: table['engine'] as string | null,
      rows: Number(table['estimate'] ?? 0),
    },
    columns: await readColumns(rows, here, isMariaDb),
    identifying: identifying.map((row) => row['name'] as string),
    triggers: await readTriggers(rows, here, capture.name),
    cascades: await readCascades(rows, here),
  };
}

type Rows = (sql: string, values?: unknown[]) => Promise<RowDataPacket[]>;

async function readColumns(rows: Rows, here: string[], isMariaDb: boolean): Promise<Column[]> {
  const columns = await rows(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full_type, IS_NULLABLE AS nullable,
            CHARACTER_MAXIMUM_LENGTH AS longest, EXTRA AS extra
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    here,
  );
  const checks = isMariaDb
    ? await rows(
        'SELECT CHECK_CLAUSE AS clause FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ?',
        here,
      )
    : [];
  const clauses = new Set(checks.map((row) => row['clause'] as string));
  return columns.map((row) => ({
    name: row['name'] as string,
    dataType: clauses.has(`json_valid(\`${row['name'] as string}\`)`) ? 'json' : (row['type'] as string),
    columnType: String(row['full_type']),
    nullable: row['nullable'] === 'YES',
    maxLength: row['longest'] === null ? null : Number(row['longest']),
    touched: /on update/i.test(String(row['extra'])),
  }));
}

/** The triggers of a table, and this capture's own wherever they are. */
export async function readTriggers(
  rows: Rows,
  [database, table]: string[],
  capture: string,
): Promise<ExistingTrigger[]> {
  const names = OPERATIONS.map((operation) => triggerName(capture, operation));
  const found = await rows(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS tab, EVENT_MANIPULATION AS event, ACTION_TIMING AS timing,
            ACTION_STATEMENT AS body, SQL_MODE AS mode, DEFINER AS definer
       FROM information_schema.TRIGGERS
      WHERE TRIGGER_SCHEMA = ? AND (EVENT_OBJECT_TABLE = ? OR TRIGGER_NAME IN (?))
      ORDER BY ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
    [database, table, names],
  );
  return found.map((row) => ({
    name: row['name'] as string,
    table: row['tab'] as string,
    event: row['event'] as string,
    timing: row['timing'] as string,
    body: String(row['body']),
    sqlMode: row['mode'] as string,
    definer: row['definer'] as string,
  }));
}

async function readCascades(rows: Rows, here: string[]): Promise<Cascade[]> {
  const found = await rows(
    `SELECT r.CONSTRAINT_NAME AS name, r.REFERENCED_TABLE_NAME AS parent, r.DELETE_RULE AS on_delete,
            r.UPDATE_RULE AS on_update, k.COLUMN_NAME AS col
       FROM information_schema.REFERENTIAL_CONSTRAINTS r
       JOIN information_schema.KEY_COLUMN_USAGE k
         ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.TABLE_NAME = r.TABLE_NAME
        AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME
      WHERE r.CONSTRAINT_SCHEMA = ? AND r.TABLE_NAME = ?
      ORDER BY r.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
    here,
  );
  return [...Map.groupBy(found, (row) => row['name'] as string)].map(([constraint, columns]) => ({
    constraint,
    columns: columns.map((row) => row['col'] as string),
    parent: columns[0]?.['parent'] as string,
    onDelete: columns[0]?.['on_delete'] as string,
    onUpdate: columns[0]?.['on_update'] as string,
  }));
}
