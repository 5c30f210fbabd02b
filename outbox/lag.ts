import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** The events of one type that are committed and not acknowledged. Ages in milliseconds. */
export interface TypeLag {
  readonly type: string;
  readonly pending: number;
  /**
   * Age of the oldest pending event; null when there is none, or when it was appended in the future by more than
   * a second: a clock was set back, and nobody can say.
   */
  readonly oldestAgeMs: number | null;
  readonly parked: number;
  /** Age of the oldest parked event, likewise. */
  readonly oldestParkedAgeMs: number | null;
}

export interface OutboxLag {
  /** The database's clock, in milliseconds since 1970. */
  readonly databaseTime: number;
  /** Types with pending or parked events only. */
  readonly types: readonly TypeLag[];
}

/** The clock may go back by so many milliseconds (time synchronisation does it) before an age counts as unknown. */
const TOLERANCE = 1_000;

/**
 * Reads the lag per event type, by the database's own clock. `appended_at` is stored in UTC whatever the writer's
 * session says; it is the time of the insert, so that an age counts from before the commit and is never understated.
 * Rejects when the database gives no answer within `timeout` milliseconds.
 */
export async function readLag(database: Database, timeout = 5_000): Promise<OutboxLag> {
  interface Row {
    type: string | null;
    state: 'pending' | 'parked' | null;
    events: number;
    age: number | null;
    now: string;
  }
  // SYSDATE, unlike NOW, is taken after the rows were read: no row is younger than it. The outer join gives the
  // time even when nothing is pending.
  const { rows } = await runStatement<Row>(
    database,
    `SELECT lagging.type, lagging.state, lagging.events,
            TIMESTAMPDIFF(MICROSECOND, lagging.oldest, SYSDATE(6)) AS age,
            UNIX_TIMESTAMP(SYSDATE(6)) AS now
       FROM (SELECT 1) AS one
       LEFT JOIN (
         SELECT type, state, COUNT(*) AS events, MIN(appended_at) AS oldest
           FROM banyan_outbox WHERE state IN ('pending', 'parked') GROUP BY type, state
       ) AS lagging ON TRUE`,
    [],
    timeout,
  );
  const types = new Map<string, TypeLag>();
  for (const { type, state, events, age } of rows) {
    if (type === null) continue;
    const known = types.get(type) ?? {
      type,
      pending: 0,
      oldestAgeMs: null,
      parked: 0,
      oldestParkedAgeMs: null,
    };
    types.set(
      type,
      state === 'pending'
        ? { ...known, pending: Number(events), oldestAgeMs: ageInMilliseconds(age) }
        : { ...known, parked: Number(events), oldestParkedAgeMs: ageInMilliseconds(age) },
    );
  }
  return { databaseTime: Math.round(Number(rows[0]!.now) * 1_000), types: [...types.values()] };
}

/** An age that the database computed: never below the truth; null when there is none, or a clock was set back. */
export function ageInMilliseconds(microseconds: number | null): number | null {
  if (microseconds === null) return null;
  const age = Number(microseconds) / 1_000;
  return age < -TOLERANCE ? null : Math.max(0, Math.ceil(age));
}
