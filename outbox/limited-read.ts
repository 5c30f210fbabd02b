import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../runtime/database.ts';

/**
 * The read `sql` so that the server itself ends it, with an error, at nine tenths of `timeout` milliseconds: one that
 * was merely given up by its client goes on, and the next comes on top of it. In time for the server's error to come
 * first, so that a slow read doesn't cost a connection. Other statements are returned as they are.
 *
 * One text for both servers: MariaDB runs what stands in the comment and skips the hint, MySQL the other way round.
 */
export function limitedRead(sql: string, timeout: number): string {
  const select = /^\s*\(?\s*SELECT\b/i.exec(sql)?.[0];
  if (select === undefined) return sql;
  const limit = Math.max(1, Math.floor(timeout * 0.9));
  return `/*M!100108 SET STATEMENT max_statement_time = ${limit / 1_000} FOR */ ${select} /*+ MAX_EXECUTION_TIME(${limit}) */${sql.slice(select.length)}`;
}

/** Runs a read, and returns its rows. */
export type Read = <Row>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

/** For reads on one connection that have to end within `timeout` milliseconds together: the server ends each in time. */
export function readsWithin(connection: Connection, timeout: number): Read {
  const deadline = performance.now() + timeout;
  return async <Row>(sql: string, values: readonly unknown[] = []) => {
    const limited = limitedRead(sql, deadline - performance.now());
    const [rows] = await connection.query<RowDataPacket[]>(limited, values as unknown[]);
    return rows as Row[];
  };
}
