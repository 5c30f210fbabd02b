import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';
import type { Gap } from './chain.ts';

const PAGE = 500;
interface Counter {
  readonly partition_key: string;
  readonly sequence: number | string;
  /** What was noted of it before. */
  readonly known: number | string | null;
}

/** The last number of each key that the audit has seen; keys that it doesn't know are left out. */
export async function readMarks(database: Database, keys: readonly string[]): Promise<Map<string, bigint>> {
  if (keys.length === 0) return new Map();
  const { rows } = await runStatement<{ partition_key: string; seen: number | string }>(
    database,
    'SELECT partition_key, seen FROM banyan_outbox_completeness_mark WHERE partition_key IN (?)',
    [keys],
  );
  return new Map(rows.map(({ partition_key: key, seen }) => [key, BigInt(seen)]));
}

/** Moves the marks on, never back. */
export async function moveMarks(database: Database, seen: ReadonlyMap<string, bigint>): Promise<void> {
  if (seen.size === 0) return;
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_completeness_mark (partition_key, seen, expected) VALUES ${[...seen].map(() => '(?, ?, 0)').join(', ')}
       ON DUPLICATE KEY UPDATE seen = GREATEST(seen, VALUES(seen))`,
    [...seen].flatMap(([key, number]) => [key, String(number)]),
  );
}

/**
 * Notes the last number that was given of each key, from the counters that the appends keep. With `begin` the numbers
 * given so far count as seen: the audit begins after them.
 */
export async function noteCounters(database: Database, begin = false): Promise<void> {
  for (let after = ''; ;) {
    const rows: Counter[] = await readCounters(database, after);
    const grown = rows.filter(({ sequence, known }) => known === null || BigInt(known) < BigInt(sequence));
    if (grown.length > 0)
      await runStatement(
        database,
        `INSERT INTO banyan_outbox_completeness_mark (partition_key, seen, expected)
         VALUES ${grown.map(() => '(?, ?, ?)').join(', ')}
             ON DUPLICATE KEY UPDATE seen = GREATEST(seen, VALUES(seen)), expected = VALUES(expected)`,
        grown.flatMap(({ partition_key: key, sequence }) => [key, begin ? sequence : 0, sequence]),
      );
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.partition_key;
  }
}

async function readCounters(database: Database, after: string): Promise<Counter[]> {
  const { rows } = await runStatement<Counter>(
    database,
    `SELECT s.partition_key, s.sequence, m.expected AS known
       FROM banyan_outbox_sequence s LEFT JOIN banyan_outbox_completeness_mark m ON m.partition_key = s.partition_key
      WHERE s.partition_key > ? ORDER BY s.partition_key LIMIT ${PAGE}`,
    [after],
  );
  return rows;
}

/** The numbers that had been given when the counters were noted, and that the audit has not seen. */
export async function readShort(database: Database): Promise<Gap[]> {
  const { rows } = await runStatement<{
    partition_key: string;
    seen: number | string;
    expected: number | string;
  }>(
    database,
    `SELECT partition_key, seen, expected FROM banyan_outbox_completeness_mark WHERE expected > seen LIMIT ${PAGE}`,
  );
  return rows.map(({ partition_key: key, seen, expected }) => ({
    key,
    from: BigInt(seen) + 1n,
    to: BigInt(expected),
  }));
}

/**
 * How many of the numbers stand in a row after all: one that was appended when the audit began, say. A look through
 * the entries of the key's bucket, for the rare case that a number seems to be missing.
 */
export async function countThere(database: Database, { key, from, to }: Gap): Promise<bigint> {
  const { rows } = await runStatement<{ there: number | string }>(
    database,
    `SELECT COUNT(DISTINCT sequence) AS there FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
      WHERE state IN ('pending', 'settled', 'parked') AND bucket = CRC32(?) MOD 64
        AND CAST(partition_key AS BINARY) = CAST(? AS BINARY) AND replay IS NULL AND sequence BETWEEN ? AND ?`,
    [key, key, String(from), String(to)],
  );
  return BigInt(rows[0]!.there);
}
