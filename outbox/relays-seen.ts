import type { Database } from '../runtime/database.ts';
import { ageInMilliseconds } from './lag.ts';
import { runStatement } from './run-statement.ts';

/** A relay, as its heartbeats show it. */
export interface RelaySeen {
  readonly relay: string;
  /** Milliseconds since its last heartbeat, by the database's clock; null when that clock was set back since. */
  readonly seenAgoMs: number | null;
  /** Events settled since it started, by type; begins anew when it restarts. */
  readonly settledByType: Readonly<Record<string, number>>;
}

/** The relays that have not left, the dead among them for an hour. */
export async function readRelaysSeen(database: Database, timeout = 5_000): Promise<RelaySeen[]> {
  const { rows } = await runStatement<{ relay: string; age: number; counts: string }>(
    database,
    `SELECT relay, TIMESTAMPDIFF(MICROSECOND, seen_at, SYSDATE(6)) AS age, settled_by_type AS counts
       FROM banyan_outbox_relay ORDER BY relay`,
    [],
    timeout,
  );
  return rows.map(({ relay, age, counts }) => ({
    relay,
    seenAgoMs: ageInMilliseconds(age),
    settledByType: JSON.parse(counts) as Record<string, number>,
  }));
}
