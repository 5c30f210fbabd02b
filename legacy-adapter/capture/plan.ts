import { encodeColumn } from './encode-column.ts';
import type { Capture, Facts } from './facts.ts';
import { leastEventBytes } from './omit-columns.ts';
import { APPENDED } from './append-sql.ts';
import { holds, type Scope } from './rights.ts';
import { identifier } from './sql-text.ts';
import { capturedColumns, isOurs, TRIGGER_SQL_MODE, triggersOf, type CaptureTrigger } from './triggers.ts';
import { warningsOf } from './warnings.ts';

/** The outbox holds ids of at most this many characters. */
const MAX_ID_LENGTH = 190;
const MAX_TRIGGER_NAME = 64;

/** What `apply` would do, and why it won't. Pure: from introspection and configuration alone. */
export interface CapturePlan {
  readonly capture: Capture;
  /** Why it can't be applied, all reasons at once; empty when it can. */
  readonly refusals: readonly string[];
  /** What will not be captured, or be captured otherwise than one might think. */
  readonly warnings: readonly string[];
  /** Rights that the account which applies needs, as GRANT statements. */
  readonly grants: readonly string[];
  /** Empty when there are refusals. */
  readonly triggers: readonly CaptureTrigger[];
  /** Names of this capture's triggers that exist now, with the table they are on. */
  readonly existing: readonly { readonly name: string; readonly table: string }[];
  /** Whether exactly these triggers are there already, and run with the rights of the account that asks. */
  readonly applied: boolean;
  /** About how many rows the table has; they are not captured until they change. */
  readonly rows: number;
}

export function planCapture(capture: Capture, facts: Facts): CapturePlan {
  const rights = neededRights(capture, facts);
  const refusals = [
    ...refusedName(capture),
    ...refusedTable(capture, facts),
    ...(facts.table
      ? [...refusedKey(capture, facts), ...refusedColumns(capture, facts), ...refusedSize(capture, facts)]
      : []),
    ...(facts.outboxInstalled
      ? []
      : [
          `the outbox is not installed in ${facts.database}, or ${facts.account} has no right on it; run \`banyan install outbox\` first`,
        ]),
    ...rights.flatMap(({ privilege, scope, grant, why }) =>
      holds(facts.grants, privilege, scope) === 'no'
        ? [`${facts.account} lacks ${privilege} ${why}; run: ${grant}`]
        : [],
    ),
  ];
  const ours = facts.triggers.filter(({ name }) => isOurs(capture, name));
  const triggers = refusals.length > 0 ? [] : triggersOf(capture, facts);
  const applied =
    triggers.length > 0 &&
    triggers.every(({ name, body, operation }) =>
      ours.some(
        (one) =>
          one.name === name &&
          one.table === capture.table &&
          one.timing === 'AFTER' &&
          one.event === operation.toUpperCase() &&
          one.body === body &&
          one.definer === facts.account &&
          one.sqlMode === TRIGGER_SQL_MODE,
      ),
    );
  return {
    capture,
    refusals,
    warnings: facts.table ? warningsOf(capture, facts) : [],
    grants: rights.map(({ grant }) => grant),
    triggers,
    existing: ours.map(({ name, table }) => ({ name, table })),
    applied,
    rows: facts.table?.rows ?? 0,
  };
}

function refusedName({ name }: Capture): string[] {
  const longest = `banyan_${name}_insert`;
  return longest.length > MAX_TRIGGER_NAME
    ? [
        `the name '${name}' has ${name.length} characters; at most ${MAX_TRIGGER_NAME - longest.length + name.length} fit into a trigger's name`,
      ]
    : [];
}

function refusedTable(capture: Capture, { table, database, account }: Facts): string[] {
  if (!table)
    return [
      `there is no table '${capture.table}' in ${database}, or none that ${account} has a right on; check \`table:\``,
    ];
  if (table.type !== 'BASE TABLE' && table.type !== 'SYSTEM VERSIONED')
    return [`'${capture.table}' is a ${table.type}; only a table can have triggers`];
  if (table.engine?.toLowerCase() !== 'innodb')
    return [
      `table '${capture.table}' is ${table.engine}, not InnoDB: a change could stay while its event is rolled back; required: InnoDB`,
    ];
  return [];
}

function refusedKey(capture: Capture, facts: Facts): string[] {
  const key = facts.columns.find(({ name }) => name === capture.key);
  if (!key) return [`there is no column '${capture.key}' for \`key:\`; ${columnsOf(capture, facts)}`];
  const found: string[] = [];
  if (!facts.identifying.includes(key.name))
    found.push(
      `key '${key.name}' doesn't identify a row; required: the only column of the primary key, or of a unique index and NOT NULL`,
    );
  const idLength = encodeColumn(key, facts.isMariaDb)?.idLength;
  if (idLength === undefined)
    found.push(`key '${key.name}' is ${key.columnType}, which can't be an aggregate's id`);
  else if (idLength > MAX_ID_LENGTH)
    found.push(
      `key '${key.name}' (${key.columnType}) can have ${idLength} characters as an id; the outbox holds ${MAX_ID_LENGTH}, and a longer one would fail the write`,
    );
  return found;
}

function refusedColumns(capture: Capture, facts: Facts): string[] {
  return capturedColumns(capture)
    .filter((name) => name !== capture.key)
    .flatMap((name) => {
      const column = facts.columns.find((one) => one.name === name);
      if (!column) return [`there is no column '${name}'; ${columnsOf(capture, facts)}`];
      return encodeColumn(column, facts.isMariaDb)
        ? []
        : [`column '${name}' is ${column.columnType}, which can't be captured; leave it out`];
    });
}

/** The reason that no leaving out of columns can help against: a server that takes next to nothing. */
function refusedSize(capture: Capture, facts: Facts): string[] {
  const captured = capturedColumns(capture).flatMap(
    (name) => facts.columns.find((column) => column.name === name) ?? [],
  );
  const needed = leastEventBytes(captured);
  return needed > facts.maxAllowedPacket
    ? [
        `an event can have ${needed} bytes, and max_allowed_packet is ${facts.maxAllowedPacket}: a longer one would fail the write; capture fewer columns, or raise it`,
      ]
    : [];
}

function columnsOf(capture: Capture, { columns }: Facts): string {
  return `'${capture.table}' has ${columns.map(({ name }) => name).join(', ')} (the case of letters counts)`;
}

interface Right {
  readonly privilege: string;
  readonly scope: Scope;
  readonly grant: string;
  readonly why: string;
}

/** The rights of the account that applies: it is the triggers' definer, and they run with its rights. */
function neededRights(capture: Capture, facts: Facts): Right[] {
  const { database } = facts;
  const to = facts.account.replace(/^(.*)@([^@]*)$/, "'$1'@'$2'");
  const right = (
    privilege: string,
    table: string | undefined,
    why: string,
    columns?: readonly string[],
  ): Right => ({
    privilege,
    scope: table === undefined ? { database } : { database, table, ...(columns && { columns }) },
    grant: `GRANT ${privilege} ON ${identifier(database)}.${table === undefined ? '*' : identifier(table)} TO ${to}`,
    why,
  });
  return [
    right('TRIGGER', capture.table, `on '${capture.table}', to create and fire its triggers`),
    right(
      'SELECT',
      capture.table,
      `on '${capture.table}', whose columns the triggers read`,
      capturedColumns(capture),
    ),
    right('INSERT', 'banyan_outbox', 'on banyan_outbox, which the triggers append to', APPENDED),
    right('LOCK TABLES', undefined, `on ${database}, to let no write pass between two triggers`),
    ...(facts.binaryLog && !facts.trustsFunctionCreators
      ? [
          {
            privilege: 'SUPER',
            scope: {},
            grant: `GRANT SUPER ON *.* TO ${to}`,
            why: 'to create triggers while the binary log is on, unless log_bin_trust_function_creators is ON',
          },
        ]
      : []),
  ];
}
