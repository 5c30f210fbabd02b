import type { Execute } from './append.ts';

/** A limit that no relay has confirmed for so long counts no more. Days. */
const STALE = 7;

/**
 * The largest record in bytes that every stream of this outbox takes, as a relay has read it from Kinesis last; writers
 * need no right in AWS. 1,048,576, which every stream takes, while no relay has. `query` is what `append` takes,
 * and has to return the rows (Prisma: `$queryRawUnsafe`). Ask at start, and again every some minutes: it changes within
 * a minute of somebody changing the stream.
 */
export async function readRecordLimit(query: Execute): Promise<number> {
  const answer = await query(
    `SELECT MIN(record_bytes) AS record_bytes FROM banyan_outbox_limit
      WHERE read_at > CURRENT_TIMESTAMP(6) - INTERVAL ${STALE} DAY`,
    [],
  );
  // mysql2, Knex and Sequelize return rows and something else, Prisma and TypeORM the rows.
  const rows = (Array.isArray(answer) && Array.isArray(answer[0]) ? answer[0] : answer) as unknown;
  const [row] = (Array.isArray(rows) ? rows : []) as { record_bytes?: unknown }[];
  if (row === undefined || !('record_bytes' in row))
    throw new TypeError(
      'readRecordLimit needs a function that returns the rows of a SELECT (Prisma: $queryRawUnsafe)',
    );
  return row.record_bytes === null ? 1_048_576 : Number(row.record_bytes);
}
