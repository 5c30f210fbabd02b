import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** Members that ended without leaving are forgotten after this many milliseconds. */
const FORGOTTEN_AFTER = 3_600_000;

/**
 * Says that this relay is alive, and how many events of each type it has settled since it started. Returns
 * how many relays are alive: seen within `lease` milliseconds, this one included.
 */
export async function heartbeat(
  database: Database,
  relay: string,
  settledByType: Readonly<Record<string, number>>,
  lease: number,
): Promise<number> {
  const counts = JSON.stringify(settledByType);
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_relay (relay, settled_by_type) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE seen_at = CURRENT_TIMESTAMP(6), settled_by_type = VALUES(settled_by_type)`,
    [relay, counts],
    lease / 2,
  );
  return Math.max(1, await countLive(database, lease));
}

/** Takes this relay out of the members, and returns how many others are alive. */
export async function standBy(database: Database, relay: string, lease: number): Promise<number> {
  await leave(database, relay);
  return countLive(database, lease);
}

/** Takes this relay out of the members, and those that nobody has seen for an hour. */
export async function leave(database: Database, relay: string): Promise<void> {
  await runStatement(
    database,
    `DELETE FROM banyan_outbox_relay
      WHERE relay = ? OR seen_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND`,
    [relay, FORGOTTEN_AFTER * 1_000],
  );
}

async function countLive(database: Database, lease: number): Promise<number> {
  const { rows } = await runStatement<{ live: number }>(
    database,
    `SELECT COUNT(*) AS live FROM banyan_outbox_relay WHERE seen_at > CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND`,
    [lease * 1_000],
    lease / 2,
  );
  return Number(rows[0]?.live ?? 0);
}
