import type { Column } from './facts.ts';

/** How the columns of one type stand in an event. `ref` is a column reference such as OLD.`price`. */
export interface Encoding {
  /** SQL of the value as it stands in the event: what JSON_OBJECT takes. */
  readonly image: (ref: string) => string;
  /** SQL that is true when both values are the same to the byte, NULLs included. */
  readonly same: (a: string, b: string) => string;
  /** SQL that is false when `image` would be NULL or fail though the value is not NULL; undefined: it never is. */
  readonly fits?: (ref: string) => string;
  /** How many characters the value has as an aggregate id at most; undefined: it can't be one. */
  readonly idLength?: number;
}

/**
 * The encoding of a column, or undefined for a type that can't be captured. Numbers stay numbers as far as every
 * JSON reader keeps them exact; the rest are strings:
 *
 * - integers up to 32 bits, YEAR, FLOAT, DOUBLE, BIT up to 32 bits: number (BOOLEAN is TINYINT: 0 or 1)
 * - BIGINT, DECIMAL, wider BIT: string, every digit kept
 * - DATE `2026-01-31`, TIME `-101:02:03.500`, DATETIME `2026-01-31T10:00:00.000000` (no zone, as stored)
 * - TIMESTAMP: UTC, `2026-01-31T10:00:00.000000Z`, whatever the writer's time zone
 * - character types, ENUM, SET (comma-separated), UUID, INET: string
 * - BINARY, VARBINARY, BLOBs: base64 on one line
 * - JSON: embedded
 */
export function encodeColumn(column: Column, isMariaDb: boolean): Encoding | undefined {
  const { dataType, columnType, maxLength } = column;
  const number = (ref: string) => `(${ref} + 0)`; // ZEROFILL would make 00042, which is no JSON
  const text = (ref: string) => `CONVERT(${ref} USING utf8mb4)`;
  const byImage = (image: Encoding['image'], idLength?: number): Encoding => ({
    image,
    same: (a, b) => `${image(a)} <=> ${image(b)}`,
    ...(idLength !== undefined && { idLength }),
  });
  // Collations call 'a' and 'A' and 'a ' equal; a consumer does not.
  const byBytes = (image: Encoding['image'], idLength?: number): Encoding => ({
    ...byImage(image, idLength),
    same: (a, b) => `CAST(${a} AS BINARY) <=> CAST(${b} AS BINARY)`,
  });
  switch (dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
      return byImage(number, 11);
    case 'year':
      return byImage(number);
    case 'bigint':
      return byImage((ref) => `CAST(${number(ref)} AS CHAR)`, 20);
    case 'decimal':
      return byImage(
        (ref) => `CAST(${columnType.includes('zerofill') ? number(ref) : ref} AS CHAR)`,
        columnType.includes('zerofill') ? undefined : 67,
      );
    case 'float':
    case 'double':
      return byImage((ref) => `(${ref} + 0e0)`); // as double: FLOAT alone would be cut to six digits
    case 'bit': {
      const bits = Number(/\((\d+)\)/.exec(columnType)?.[1] ?? 1);
      return byImage(bits <= 32 ? number : (ref) => `CAST(${number(ref)} AS CHAR)`);
    }
    case 'date':
      return byImage((ref) => `CAST(${ref} AS CHAR)`, 10);
    case 'time':
      return byImage((ref) => `CAST(${ref} AS CHAR)`);
    case 'datetime':
      return byImage((ref) => `DATE_FORMAT(${ref}, '%Y-%m-%dT%H:%i:%s.%f')`, 26);
    case 'timestamp':
      return byImage(utc);
    case 'char':
    case 'varchar':
      return byBytes(text, maxLength ?? undefined);
    case 'enum':
      return byBytes(text, maxLength ?? undefined);
    case 'set':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return byBytes(text);
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return byImage((ref) => `CAST(${ref} AS CHAR)`, 45);
    case 'binary':
    case 'varbinary':
      return byBytes(base64, maxLength === null ? undefined : Math.ceil(maxLength / 3) * 4);
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      // MariaDB's TO_BASE64 gives NULL above max_allowed_packet, without an error: the value would be lost in silence.
      return { ...byBytes(base64), fits: (ref) => `COALESCE(LENGTH(${ref}), 0) * 2 <= @@max_allowed_packet` };
    case 'json':
      return isMariaDb
        ? {
            ...byBytes((ref) => `JSON_COMPACT(${ref})`),
            fits: (ref) => `COALESCE(JSON_VALID(${ref}), 1)`, // false where check_constraint_checks was off
          }
        : { image: (ref) => ref, same: (a, b) => `CAST(${a} AS CHAR) <=> CAST(${b} AS CHAR)` };
    default:
      return undefined;
  }
}

const base64 = (ref: string) => `REPLACE(TO_BASE64(${ref}), CHAR(10), '')`;

/**
 * UNIX_TIMESTAMP of a TIMESTAMP column is its stored value: no time zone comes in, so that named zones without
 * zone tables and the doubled hour in autumn do no harm. (CONVERT_TZ gives NULL for the first and the wrong hour
 * for the second.) The zero date, 0 on MySQL and NULL on MariaDB, stays what it is.
 */
function utc(ref: string): string {
  const instant = `'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(${ref}) SECOND`;
  return `IF(${ref} IS NULL, NULL, IF(COALESCE(UNIX_TIMESTAMP(${ref}), 0) = 0, '0000-00-00T00:00:00.000000Z', DATE_FORMAT(${instant}, '%Y-%m-%dT%H:%i:%s.%fZ')))`;
}
