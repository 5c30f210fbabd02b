import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** Keys that are kept; the ones seen longest ago go. */
const MOST_KEPT = 1_000;

export interface SeenOverlap {
  readonly key: string;
  readonly type: string;
  /** The id of the row that became visible late. */
  readonly earlier: number | string;
  /** The id of the row that was sent before it. */
  readonly later: number | string;
}

/** An overlap as it is listed; `seen_at` by the database's clock, UTC. */
export interface Overlap extends SeenOverlap {
  readonly times: number;
  readonly seen_at: string;
}

/** Writes down that two events of a key were appended by overlapping transactions; keeps the last 1,000 keys. */
export async function recordOverlap(database: Database, seen: SeenOverlap): Promise<void> {
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_overlap (partition_key, type, earlier_id, later_id) VALUES (?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE type = VALUES(type), earlier_id = VALUES(earlier_id), later_id = VALUES(later_id),
       times = times + 1, seen_at = CURRENT_TIMESTAMP(6)`,
    [seen.key, seen.type, seen.earlier, seen.later],
  );
  const { rows } = await runStatement<{ seen_at: string }>(
    database,
    `SELECT seen_at FROM banyan_outbox_overlap ORDER BY seen_at DESC LIMIT 1 OFFSET ${MOST_KEPT}`,
  );
  if (rows.length === 0) return;
  await runStatement(database, 'DELETE FROM banyan_outbox_overlap WHERE seen_at <= ? LIMIT 1000', [
    rows[0]!.seen_at,
  ]);
}

/** The keys of which overlaps were seen, the latest first. */
export async function readOverlaps(database: Database, limit: number): Promise<Overlap[]> {
  const { rows } = await runStatement<Overlap>(
    database,
    `SELECT partition_key AS \`key\`, type, earlier_id AS earlier, later_id AS later, times, seen_at
       FROM banyan_outbox_overlap ORDER BY seen_at DESC LIMIT ?`,
    [limit],
  );
  return rows;
}
