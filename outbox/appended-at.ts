/**
 * When a row was appended, as SQL that no writer's session can falsify. `appended_at` follows the writer's
 * `SET timestamp`; `server_clock` is the beginning of a UUID of version 1, whose 60 bits count the server's own time in
 * steps of 100 ns (https://www.rfc-editor.org/rfc/rfc9562#section-5.1), in UTC whatever a session's zone is.
 * SYSDATE would be the server's time too, but in the zone of the session: an hour of each year comes twice.
 *
 * MySQL's UUIDs tell the time of day. MariaDB's run on from the time of day at the server's start, and don't follow when
 * the machine's clock is set, or stood still while it slept: then the two are apart from there on. A row whose
 * `appended_at` is apart by as much was appended since; of any other the earlier of both readings counts. So an age
 * is never too small.
 */

/** Clocks that are apart by less count as one: so long may go by between two readings. Microseconds. */
const TOGETHER = 1_000;
/** Between the begin of an INSERT and its row. Microseconds. */
const STATEMENT = 1_000_000;
/** From 15 October 1582, where UUIDs begin to count, to 1970. Microseconds. */
const BEFORE_1970 = '12219292800000000';

/** Microseconds since 1970 that a UUID, or its first 18 characters, tells. */
const timeOf = (uuid: string) =>
  `(CAST(CONV(CONCAT(SUBSTR(${uuid}, 16, 3), SUBSTR(${uuid}, 10, 4), SUBSTR(${uuid}, 1, 8)), 16, 10) AS SIGNED) DIV 10 - ${BEFORE_1970})`;

/**
 * The one row to join with, in a session in UTC: by how much the time of day is ahead of the UUIDs' time. The LIMIT keeps
 * it from being computed for each row that it is joined with.
 */
export const CLOCKS = `(
  SELECT IF(ABS(apart) < ${TOGETHER}, 0, apart) AS ahead
    FROM (SELECT CAST(UNIX_TIMESTAMP(day_time) * 1000000 AS SIGNED) - ${timeOf('uuid')} AS apart
            FROM (SELECT SYSDATE(6) AS day_time, UUID() AS uuid) AS readings) AS distance LIMIT 1) AS clocks`;

/**
 * When a row of `banyan_outbox` (by its alias) was appended, in microseconds since 1970, of a statement that joins CLOCKS.
 * Rows without a `server_clock`, from before there was one, count by `appended_at`; where it says nothing, this is far below 0.
 */
export function appendedMicroseconds(row: string): string {
  const told = timeOf(`${row}.server_clock`);
  const said = `CAST(UNIX_TIMESTAMP(${row}.appended_at) * 1000000 AS SIGNED)`;
  return `IFNULL(${told} + CASE
    WHEN clocks.ahead = 0 THEN 0
    WHEN ABS(${said} - ${told} - clocks.ahead) < ${STATEMENT} THEN clocks.ahead
    ELSE LEAST(0, clocks.ahead) END, ${said})`;
}

/** The same as a time in UTC; where the clock says nothing, `appended_at`. */
export function appendedAt(row: string): string {
  return `COALESCE(FROM_UNIXTIME(0.000001 * ${appendedMicroseconds(row)}), ${row}.appended_at)`;
}
