import type { Database } from '../runtime/database.ts';
import { ageInMilliseconds } from './lag.ts';
import { readLeases, type Lease } from './lease.ts';
import { runStatement } from './run-statement.ts';

/** A relay that has not left, as its last heartbeat told. Times in milliseconds; null is unknown. */
export interface RelayMember {
  readonly relay: string;
  /** Null when the database's clock was set back since. */
  readonly seenAgoMs: number | null;
  readonly inFlight: number | null;
  readonly unsettled: number | null;
  /** Null also when nothing was acknowledged to it since it started. */
  readonly acknowledgedAgoMs: number | null;
}

/** Who owns what, as the database says. */
export interface RelayStatus {
  readonly leases: readonly Lease[];
  readonly members: readonly RelayMember[];
  /** By bucket, only those with any; undefined when the database took too long to count them. */
  readonly pending: ReadonlyMap<number, number> | undefined;
}

const TIMEOUT = 3_000;

/** Reads members, leases and what is pending. Locks nothing. Rejects when leases or members can't be read. */
export async function readRelayStatus(database: Database): Promise<RelayStatus> {
  const [leases, { rows: members }, pending] = await Promise.all([
    readLeases(database, { lease: 2 * TIMEOUT, requestTimeout: 0 }),
    runStatement<{
      relay: string;
      seen: number;
      inFlight: number | null;
      unsettled: number | null;
      acknowledged: number | null;
    }>(
      database,
      `SELECT relay, TIMESTAMPDIFF(MICROSECOND, seen_at, SYSDATE(6)) AS seen, in_flight AS inFlight, unsettled,
              TIMESTAMPDIFF(MICROSECOND, acknowledged_at, SYSDATE(6)) AS acknowledged
         FROM banyan_outbox_relay ORDER BY relay`,
      [],
      TIMEOUT,
    ),
    runStatement<{ bucket: number; pending: number }>(
      database,
      `SELECT bucket, COUNT(*) AS pending FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
        WHERE state = 'pending' GROUP BY bucket`,
      [],
      TIMEOUT,
    ).catch(() => undefined),
  ]);
  return {
    leases,
    members: members.map(({ relay, seen, inFlight, unsettled, acknowledged }) => ({
      ...{ relay, inFlight, unsettled },
      seenAgoMs: ageInMilliseconds(seen),
      acknowledgedAgoMs: ageInMilliseconds(acknowledged),
    })),
    pending: pending && new Map(pending.rows.map(({ bucket, pending: count }) => [bucket, Number(count)])),
  };
}
