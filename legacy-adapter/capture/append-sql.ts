import type { Encoding } from './encode-column.ts';
import type { Capture } from './facts.ts';
import { identifier, literal } from './sql-text.ts';

export type Operation = 'insert' | 'update' | 'delete';

export interface EncodedColumn {
  readonly name: string;
  readonly encoding: Encoding;
  /** Whether NEW may have a value that is not stored: see `changedBranches`. */
  readonly touched: boolean;
}

/** What a trigger writes of an event; the rest of the row comes from the database. */
export const APPENDED = ['event_id', 'source', 'type', 'aggregate_type', 'aggregate_id', 'data'];

/**
 * The servers' errors for a document that the outbox can't take: larger than max_allowed_packet, nested too deeply
 * (MySQL), refused by the CHECK on `data` (MySQL, MariaDB: there for its nesting). No other error is caught.
 */
const NO_SUCH_DOCUMENT = [1301, 3157, 3819, 4025];

/**
 * How a trigger appends one event; the first column is the key. Where the row as a whole can't be an event, the
 * event is appended without the `omittable` columns and names them in `omitted`: the monolith's write never fails for
 * it, and whoever reads the event sees what is missing. The documents are put together by CONCAT, which is NULL when a part is:
 * on MariaDB JSON_OBJECT gives NULL for some values above max_allowed_packet, and inside a JSON_OBJECT that
 * would read as "no row".
 */
export function appendOf(
  capture: Capture,
  columns: readonly EncodedColumn[],
  omittable: readonly string[],
): (operation: Operation) => string {
  const [key] = columns as [EncodedColumn];
  const ref = (row: 'OLD' | 'NEW', name: string) => `${row}.${identifier(name)}`;
  const image = (row: 'OLD' | 'NEW', without: readonly string[]) =>
    `JSON_OBJECT(${columns
      .filter(({ name }) => !without.includes(name))
      .map(({ name, encoding }) => `${literal(name)}, ${encoding.image(ref(row, name))}`)
      .join(', ')})`;
  const document = (operation: Operation, without: readonly string[]) => {
    const before = operation === 'insert' ? "'null'" : image('OLD', without);
    const after = operation === 'delete' ? "'null'" : image('NEW', without);
    const { table } = capture;
    const head = JSON.stringify({ op: operation, table, ...(without.length > 0 && { omitted: without }) });
    return `CONCAT(${literal(`${head.slice(0, -1)},"before":`)}, ${before},
      ',"after":', ${after}, '}')`;
  };
  const insert = (operation: Operation, data: string) =>
    `INSERT INTO ${identifier('banyan_outbox')} (${APPENDED.join(', ')})
  VALUES (UUID(), ${literal(`/capture/${capture.name}`)}, ${literal(`row.${capture.name}.${operation}`)},
    ${literal(capture.aggregate)}, ${key.encoding.image(ref(operation === 'delete' ? 'OLD' : 'NEW', key.name))},
    ${data});`;
  if (omittable.length === 0) return (operation) => insert(operation, document(operation, []));

  const fits = (operation: Operation) =>
    columns.flatMap(({ name, encoding: { fits: one } }) =>
      one && omittable.includes(name)
        ? [
            ...(operation === 'insert' ? [] : [one(ref('OLD', name))]),
            ...(operation === 'delete' ? [] : [one(ref('NEW', name))]),
          ]
        : [],
    );
  return (operation) => `BEGIN
DECLARE document LONGTEXT CHARACTER SET utf8mb4;
DECLARE EXIT HANDLER FOR SQLSTATE '45BAN', ${NO_SUCH_DOCUMENT.join(', ')}
  ${insert(operation, document(operation, omittable))}
IF ${fits(operation).join(' AND ') || 'TRUE'} THEN
  SET document = ${document(operation, [])};
END IF;
IF document IS NULL THEN SIGNAL SQLSTATE '45BAN'; END IF;
${insert(operation, 'document')}
END;`;
}
