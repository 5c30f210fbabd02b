import type { HeartbeatsTold } from './consumer-reports.ts';
import type { EndToEndFigures } from './lag-report.ts';

export interface EndToEndSources {
  /** Whether relays send heartbeats, by the configuration. */
  readonly expected: boolean;
  /** What the consumer told of this outbox's heartbeats; undefined: it has not reported. */
  readonly told: HeartbeatsTold | undefined;
  /** The outbox database's clock, at its latest; undefined while the database can't be read. Milliseconds since 1970. */
  readonly databaseTime: number | undefined;
  /** This process' clock. */
  readonly now: number;
}

export interface EndToEnd extends EndToEndFigures {
  /** Why it is unknown, unless that is said elsewhere. */
  readonly problem?: string;
}

/** Longer without any heartbeat, and the lag is unknown. Milliseconds. */
const GRACE = 60_000;
/** So much may a clock go back (time synchronisation does it) before an age counts as unknown. */
const TOLERANCE = 1_000;

/**
 * The age of the heartbeat that is furthest behind, of those that are the newest of their bucket or shard that the consumer
 * handled. Both times are of the outbox database's clock, so that no other clock, and no report's travel, makes it
 * smaller. Up to the time between two heartbeats greater than the lag, never smaller. Pure.
 */
export function endToEnd({ expected, told, databaseTime, now }: EndToEndSources): EndToEnd {
  const unknown = (problem?: string): EndToEnd => ({
    ...{ endToEndState: 'unknown', endToEndMs: null },
    ...(problem === undefined ? {} : { problem }),
  });
  if (!expected) return { endToEndState: 'none', endToEndMs: null };
  // That it has not reported is a problem of the consumer, and told there.
  if (told === undefined) return unknown();
  const { since, reading } = told;
  if (!reading)
    return now - since > GRACE
      ? unknown(
          'no heartbeat of this outbox has reached it; do relays run with `relay.heartbeat`, and is the consumer of this version?',
        )
      : { endToEndState: 'none', endToEndMs: null };
  if (reading.missing.length > 0)
    return unknown(`no heartbeat for a minute or more through ${listed(reading.missing)}`);
  if (databaseTime === undefined) return unknown();
  const age = databaseTime - Date.parse(reading.oldest);
  return age < -TOLERANCE
    ? unknown("its heartbeats are of the future; was the database's clock set back?")
    : { endToEndState: 'known', endToEndMs: Math.max(0, Math.ceil(age)) };
}

function listed(names: readonly string[]): string {
  return names.length <= 5
    ? names.join(', ')
    : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}
