import { appendOf, type EncodedColumn, type Operation } from './append-sql.ts';
import { changedBranches, same } from './changed-sql.ts';
import { encodeColumn, type Encoding } from './encode-column.ts';
import type { Capture, Column, Facts } from './facts.ts';
import { omittableColumns } from './omit-columns.ts';
import { identifier } from './sql-text.ts';

export const OPERATIONS = ['insert', 'update', 'delete'] as const;

/** Triggers keep the sql_mode of their creation: theirs is this, whatever the writer's session says. */
export const TRIGGER_SQL_MODE = 'STRICT_TRANS_TABLES';

export interface CaptureTrigger {
  readonly name: string;
  readonly operation: Operation;
  /** As the server gives it back in information_schema.TRIGGERS. */
  readonly body: string;
  /** The CREATE TRIGGER statement. */
  readonly sql: string;
}

export function triggerName(capture: string, operation: Operation): string {
  return `banyan_${capture}_${operation}`;
}

export function isOurs(capture: Capture, trigger: string): boolean {
  return OPERATIONS.some((operation) => triggerName(capture.name, operation) === trigger);
}

/**
 * The three AFTER triggers of a capture, each appending `row.<capture>.<op>` to the outbox in the writer's own
 * transaction. An update appends only when a captured column changed; one that changes the key is the end of one
 * aggregate and the beginning of another: a delete and an insert. Columns must be known and capturable.
 */
export function triggersOf(capture: Capture, facts: Pick<Facts, 'columns' | 'isMariaDb'>): CaptureTrigger[] {
  const columns = capturedColumns(capture).map(
    (name) => facts.columns.find((one) => one.name === name) as Column,
  );
  const encoded = columns.map((column) => ({
    name: column.name,
    encoding: encodeColumn(column, facts.isMariaDb) as Encoding,
    touched: facts.isMariaDb && column.touched === true,
  })) as [EncodedColumn, ...EncodedColumn[]];
  const append = appendOf(capture, encoded, omittableColumns(columns));
  const update = [
    `IF NOT ${same(encoded[0])} THEN`,
    append('delete'),
    append('insert'),
    ...changedBranches(capture.table, encoded, append('update')),
    'END IF;',
  ].join('\n');
  const bodies = { insert: append('insert'), update, delete: append('delete') };

  return OPERATIONS.map((operation) => {
    const name = triggerName(capture.name, operation);
    const body = `BEGIN\n${bodies[operation]}\nEND`;
    const sql = `CREATE TRIGGER ${identifier(name)} AFTER ${operation.toUpperCase()} ON ${identifier(capture.table)} FOR EACH ROW\n${body}`;
    return { name, operation, body, sql };
  });
}

/** The key, then the other columns, each once. */
export function capturedColumns(capture: Capture): string[] {
  return [...new Set([capture.key, ...capture.columns])];
}
