import type { Database } from '../runtime/database.ts';
import { appendedMicroseconds, CLOCKS } from './appended-at.ts';
import { HEARTBEAT } from './event.ts';
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
  /** Types with pending or parked events only; heartbeats aside. */
  readonly types: readonly TypeLag[];
}

/** The clock may go back by so many milliseconds (time synchronisation does it) before an age counts as unknown. */
const TOLERANCE = 1_000;

/**
 * Reads the lag per event type, by the database's own clock, whatever the time zone and the clock of a writer's session
 * say. It counts from the insert, which is before the commit, so that it is never understated.
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
         SELECT type, state, COUNT(*) AS events, FROM_UNIXTIME(0.000001 * MIN(${appendedMicroseconds('o')})) AS oldest
           FROM banyan_outbox o JOIN ${CLOCKS} WHERE state IN ('pending', 'parked') AND type <> ? GROUP BY type, state
       ) AS lagging ON TRUE`,
    [HEARTBEAT],
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

/** What several types have together. An age is null when there is none, and when that of any type is unknown. */
export function sumLag(types: readonly TypeLag[]): Omit<TypeLag, 'type'> {
  const total = (count: 'pending' | 'parked') => types.reduce((sum, type) => sum + type[count], 0);
  const oldest = (count: 'pending' | 'parked', age: 'oldestAgeMs' | 'oldestParkedAgeMs') => {
    const ages = types.filter((type) => type[count] > 0).map((type) => type[age]);
    return ages.length === 0 || ages.includes(null) ? null : Math.max(...(ages as number[]));
  };
  return {
    pending: total('pending'),
    parked: total('parked'),
    oldestAgeMs: oldest('pending', 'oldestAgeMs'),
    oldestParkedAgeMs: oldest('parked', 'oldestParkedAgeMs'),
  };
}

/** An age that the database computed: never below the truth; null when there is none, or a clock was set back. */
export function ageInMilliseconds(microseconds: number | null): number | null {
  if (microseconds === null) return null;
  const age = Number(microseconds) / 1_000;
  return age < -TOLERANCE ? null : Math.max(0, Math.ceil(age));
}
