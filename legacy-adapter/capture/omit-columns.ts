import type { Column } from './facts.ts';

/**
 * Bytes that an event's two images have at most without the columns that it may leave out. Below the smallest
 * max_allowed_packet that a server has by default (4 MiB before MySQL 8.0, 16 MiB on MariaDB).
 */
const ALWAYS_FITS = 3 * 1_048_576;

/**
 * The columns that an event leaves out, and names, where the whole row doesn't fit: a JSON column in any case (its
 * nesting may be the reason), then the longest types until the rest surely fits. Usually these are the MEDIUM and
 * LONG types; TEXT and BLOB columns only if there are more than a few.
 */
export function omittableColumns(columns: readonly Column[]): string[] {
  let room = ALWAYS_FITS / 2;
  const kept = new Set<Column>();
  for (const column of columns.toSorted((a, b) => longestInJson(a) - longestInJson(b))) {
    room -= longestInJson(column);
    if (room < 0) break;
    kept.add(column);
  }
  return columns.filter((column) => !kept.has(column)).map(({ name }) => name);
}

/** Bytes that an event has at most when it leaves out what it may. */
export function leastEventBytes(columns: readonly Column[]): number {
  const without = omittableColumns(columns);
  const kept = columns.filter(({ name }) => !without.includes(name));
  return 2 * Math.ceil(kept.reduce((sum, column) => sum + longestInJson(column), 0)) + 1_024;
}

/** Bytes that a value has at most in a JSON text, with its name. */
export function longestInJson({ name, dataType, maxLength }: Column): number {
  const label = Buffer.byteLength(JSON.stringify(name)) + 4;
  switch (dataType) {
    case 'json':
      return Infinity;
    case 'char':
    case 'varchar':
    case 'enum':
    case 'set':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return label + 6 * (maxLength ?? Infinity); // a control character is \u0001
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return label + 1.5 * (maxLength ?? Infinity);
    default:
      return label + 80;
  }
}
