import type { EncodedColumn } from './append-sql.ts';
import { identifier } from './sql-text.ts';

/** ER_NO_SUCH_TABLE: the table was renamed; its triggers went with it. */
const NO_SUCH_TABLE = 1146;

/** SQL that is true when a column has the same value in both rows. */
export function same({ name, encoding }: EncodedColumn, a = 'OLD', b = 'NEW'): string {
  return `(${encoding.same(`${a}.${identifier(name)}`, `${b}.${identifier(name)}`)})`;
}

/**
 * The ELSEIF branches that append when a column other than the key changed. Columns that every UPDATE sets need a
 * look at the table: where an UPDATE changes nothing else, MariaDB fires the trigger with their new values in NEW, but
 * doesn't store the row. (MySQL doesn't fire it.) After a RENAME the look fails, and the change is believed.
 */
export function changedBranches(
  table: string,
  [key, ...rest]: readonly [EncodedColumn, ...EncodedColumn[]],
  append: string,
): string[] {
  const certain = rest.filter(({ touched }) => !touched);
  const touched = rest.filter((column) => column.touched);
  const name = identifier(key.name);
  const seen = ['stored_row.' + name + ' = NEW.' + name, ...touched.map((one) => same(one, 'stored_row'))];
  return [
    ...(certain.length > 0
      ? [`ELSEIF NOT (${certain.map((one) => same(one)).join(' AND ')}) THEN`, append]
      : []),
    ...(touched.length > 0
      ? [
          `ELSEIF NOT (${touched.map((one) => same(one)).join(' AND ')}) THEN`,
          'BEGIN',
          'DECLARE stored TINYINT DEFAULT 1;',
          'BEGIN',
          `DECLARE CONTINUE HANDLER FOR ${NO_SUCH_TABLE} SET stored = 1;`,
          `SET stored = EXISTS (SELECT 1 FROM ${identifier(table)} stored_row WHERE ${seen.join(' AND ')});`,
          'END;',
          'IF stored THEN',
          append,
          'END IF;',
          'END;',
        ]
      : []),
  ];
}
