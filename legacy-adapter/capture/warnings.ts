import type { Capture, Cascade, Facts } from './facts.ts';
import { longestInJson, omittableColumns } from './omit-columns.ts';
import { capturedColumns, isOurs } from './triggers.ts';

/** Bytes of a record that every Kinesis stream takes. */
const RECORD = 1_048_576;

/** What will not be captured, be captured otherwise than one might think, or depend on something outside. */
export function warningsOf(capture: Capture, facts: Facts): string[] {
  const captured = capturedColumns(capture);
  const others = facts.triggers.filter(
    ({ name, table }) => table === capture.table && !isOurs(capture, name),
  );
  return [
    ...facts.cascades.filter((cascade) => matters(cascade, captured)).map(describeCascade),
    ...(others.length > 0
      ? [
          `the table has triggers already, which stay: ${others.map(({ name, timing, event }) => `${name} (${timing} ${event})`).join(', ')}; the capture's fire after them`,
        ]
      : []),
    ...sizeWarnings(capture, facts),
    ...definerWarnings(capture, facts),
    ...(facts.binaryLog && facts.binlogFormat === 'STATEMENT'
      ? ['binlog_format is STATEMENT: replicas would have other event ids; use ROW or MIXED']
      : []),
    'TRUNCATE, dropping or exchanging a partition, and importing a tablespace fire no trigger: what they change is not captured',
  ];
}

function sizeWarnings(capture: Capture, facts: Facts): string[] {
  const captured = capturedColumns(capture).flatMap(
    (name) => facts.columns.find((column) => column.name === name) ?? [],
  );
  const omittable = omittableColumns(captured);
  const typed = (names: readonly string[]) =>
    captured
      .filter(({ name }) => names.includes(name))
      .map(({ name, columnType }) => `${name} (${columnType})`)
      .join(', ');
  const total = captured.reduce((sum, column) => sum + longestInJson(column), 0);
  const large = captured.filter((column) => longestInJson(column) > RECORD / 16).map(({ name }) => name);
  return [
    ...(2 * total > RECORD && large.length > 0
      ? [
          `${typed(large)} can make an event larger than a Kinesis record (1 MiB unless the stream says otherwise); such an event is parked`,
        ]
      : []),
    ...(omittable.length > 0
      ? [
          `where a row's event is larger than max_allowed_packet (${facts.maxAllowedPacket} bytes) or nested more deeply than the server's JSON may be, it leaves out and names ${typed(omittable)}: a translation that reads one of them parks it, and without a translation it reaches the stream as it is`,
        ]
      : []),
  ];
}

/** Every write of the table fails once the definer's account is dropped or has lost its rights. */
function definerWarnings(capture: Capture, { triggers, account }: Facts): string[] {
  const definers = triggers.filter(({ name }) => isOurs(capture, name)).map(({ definer }) => definer);
  const others = [...new Set(definers)].filter((definer) => definer !== account);
  return others.length > 0
    ? [
        `its triggers run with the rights of ${others.join(', ')}, who applied them: without this account, or without its rights, every write of '${capture.table}' fails; \`apply\` makes them run with those of ${account}`,
      ]
    : [];
}

/** A cascade is missed when it deletes rows, or when it changes a column that is captured. */
function matters({ columns, onDelete, onUpdate }: Cascade, captured: readonly string[]): boolean {
  const changes = (rule: string) => ['CASCADE', 'SET NULL', 'SET DEFAULT'].includes(rule);
  return (
    onDelete === 'CASCADE' ||
    ((changes(onDelete) || changes(onUpdate)) && columns.some((name) => captured.includes(name)))
  );
}

function describeCascade({ constraint, columns, parent, onDelete, onUpdate }: Cascade): string {
  return `foreign key ${constraint} (${columns.join(', ')} to ${parent}, ON DELETE ${onDelete}, ON UPDATE ${onUpdate}): what it changes here fires no trigger and is not captured`;
}
