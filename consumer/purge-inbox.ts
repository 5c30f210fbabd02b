import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../runtime/database.ts';
import type { PurgedPage, PurgePlace } from './sequence-inbox.ts';

/** Milliseconds that numbers and the audit are kept: 365 days, as long as a stream keeps records at most. */
export const KEPT = 365 * 86_400_000;

export interface PurgeOptions {
  /** Rows looked at by one statement, 500 unless given. */
  readonly size?: number;
  /** Milliseconds; 365 days unless given. */
  readonly keep?: number;
}

/**
 * Looks at one page of what the inbox remembers of numbers, then of the audit, and deletes what is older than `keep`. It
 * begins without a place, and is over when the page names no next one. Rows are found without locks and deleted by
 * primary key.
 *
 * Of numbers only those go that their key has passed. A key's last number never goes, and `banyan_inbox_sequence`, which
 * alone decides whether an event waits, is parked or has its turn, is not touched.
 */
export function purgeInbox(
  connection: Connection,
  application: string,
  from: PurgePlace = { table: 'number', key: '', number: 0n },
  { size = 500, keep = KEPT }: PurgeOptions = {},
): Promise<PurgedPage> {
  return from.table === 'number'
    ? purgeNumbers(connection, application, from, { size, keep })
    : purgeAudit(connection, from.id, { size, keep });
}

async function purgeNumbers(
  connection: Connection,
  application: string,
  { key, number }: { readonly key: string; readonly number: bigint },
  { size, keep }: Required<PurgeOptions>,
): Promise<PurgedPage> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT n.partition_key AS \`key\`, CAST(n.number AS CHAR) AS number,
            COALESCE(n.handled_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND AND n.number < s.last_number, 0) AS due
       FROM banyan_inbox_number n FORCE INDEX (PRIMARY)
       LEFT JOIN banyan_inbox_sequence s ON s.application = n.application AND s.partition_key = n.partition_key
      WHERE n.application = ? AND (n.partition_key > ? OR (n.partition_key = ? AND n.number > ?))
      ORDER BY n.partition_key, n.number LIMIT ?`,
    [keep * 1_000, application, key, key, number, size],
  );
  const last = rows.at(-1);
  const next: PurgePlace =
    rows.length < size
      ? { table: 'audit', id: 0 }
      : { table: 'number', key: last!['key'] as string, number: BigInt(last!['number'] as string) };
  const due = rows.filter((row) => Number(row['due']) === 1);
  if (due.length === 0) return { deleted: 0, next };
  const [{ affectedRows }] = await connection.query<ResultSetHeader>(
    `DELETE n FROM (SELECT ? AS partition_key, ? AS number ${'UNION ALL SELECT ?, ? '.repeat(due.length - 1)}) v
       STRAIGHT_JOIN banyan_inbox_number n
          ON n.application = ? AND n.partition_key = v.partition_key AND n.number = v.number`,
    [...due.flatMap((row) => [row['key'] as string, BigInt(row['number'] as string)]), application],
  );
  return { deleted: affectedRows, next };
}

/** Entries are written nearly in the order of their times: one that is young ends it. They are of all applications. */
async function purgeAudit(
  connection: Connection,
  after: number | string,
  { size, keep }: Required<PurgeOptions>,
): Promise<PurgedPage> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT id, at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND AS old
       FROM banyan_inbox_audit WHERE id > ? ORDER BY id LIMIT ?`,
    [keep * 1_000, after, size],
  );
  const isOld = (row: RowDataPacket) => Number(row['old']) === 1;
  const last = rows.at(-1);
  const next: PurgePlace | undefined =
    rows.length < size || !isOld(last!) ? undefined : { table: 'audit', id: last!['id'] as number | string };
  const due = rows.filter(isOld).map((row) => row['id'] as number | string);
  if (due.length === 0) return { deleted: 0, next };
  const [{ affectedRows }] = await connection.query<ResultSetHeader>(
    `DELETE a FROM (SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(due.length - 1)}) v
       STRAIGHT_JOIN banyan_inbox_audit a ON a.id = v.id`,
    due,
  );
  return { deleted: affectedRows, next };
}
