import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** Members that ended without leaving are forgotten after this many milliseconds. */
const FORGOTTEN_AFTER = 3_600_000;

/** What a relay tells of itself with each heartbeat. */
export interface RelayWork {
  /** Events settled since it started, by type. */
  readonly settledByType: Readonly<Record<string, number>>;
  /** Records sent and not answered. */
  readonly inFlight: number;
  /** Events acknowledged, or to be parked, and not written down. */
  readonly unsettled: number;
  /** Milliseconds since a record was last acknowledged; undefined: never since it started. */
  readonly acknowledgedAgo: number | undefined;
}

/**
 * Says that this relay is alive, and what it does. Returns how many relays are alive: seen within `lease` milliseconds,
 * this one included. Those that nobody has seen for an hour are forgotten.
 */
export async function heartbeat(
  database: Database,
  relay: string,
  { settledByType, inFlight, unsettled, acknowledgedAgo }: RelayWork,
  lease: number,
): Promise<number> {
  const ago = acknowledgedAgo === undefined ? null : Math.round(acknowledgedAgo * 1_000);
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_relay (relay, settled_by_type, in_flight, unsettled, acknowledged_at)
     VALUES (?, ?, ?, ?, CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND)
     ON DUPLICATE KEY UPDATE seen_at = CURRENT_TIMESTAMP(6), settled_by_type = VALUES(settled_by_type),
       in_flight = VALUES(in_flight), unsettled = VALUES(unsettled), acknowledged_at = VALUES(acknowledged_at)`,
    [relay, JSON.stringify(settledByType), inFlight, unsettled, ago],
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

/**
 * Takes relays that ended without leaving out of the members: the one of that full name, or all of that name (each start
 * adds a part of its own). One that was seen within `silence` milliseconds stays. Returns how many went.
 */
export async function forget(database: Database, name: string, silence: number): Promise<number> {
  const { affected } = await runStatement(
    database,
    `DELETE FROM banyan_outbox_relay
      WHERE (relay = ? OR SUBSTRING_INDEX(relay, '~', 1) = ?)
        AND seen_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND`,
    [name, name, silence * 1_000],
  );
  return affected;
}

async function countLive(database: Database, lease: number): Promise<number> {
  const { rows } = await runStatement<{ live: number; forgotten: number }>(
    database,
    `SELECT COUNT(CASE WHEN seen_at > CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND THEN 1 END) AS live,
            COUNT(CASE WHEN seen_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND THEN 1 END) AS forgotten
       FROM banyan_outbox_relay`,
    [lease * 1_000, FORGOTTEN_AFTER * 1_000],
    lease / 2,
  );
  if (Number(rows[0]?.forgotten) > 0) await leave(database, '');
  return Number(rows[0]?.live ?? 0);
}
