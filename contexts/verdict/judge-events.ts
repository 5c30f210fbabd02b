import type { VerdictThresholds } from '../verdict-config.ts';
import type { Criterion, Learned } from './criterion.ts';
import { count, time } from './spell.ts';

/** What the control plane knows of a context's events. Null is unknown; of an age, also that there is none. */
export interface EventsEvidence {
  readonly pending: number | null;
  readonly oldestAgeMs: number | null;
  readonly parked: number | null;
  readonly oldestParkedAgeMs: number | null;
  readonly consumerState: 'known' | 'unknown' | 'none';
  readonly consumerLagMs: number | null;
  readonly consumerSeenAgoMs: number | null;
  /**
   * Events that the consumer holds since a number before theirs has not come, and those that it has parked since theirs had.
   * Null is unknown; absent where it keeps no numbers.
   */
  readonly consumerHeld?: {
    readonly waiting: number;
    readonly oldestWaitingMs: number | null;
    readonly parked: number;
    readonly oldestParkedMs: number | null;
  } | null;
  /** Captures of the context that were stopped: what was written to their tables since is in no event. Times in UTC. */
  readonly backfillDue: readonly { readonly capture: string; readonly stoppedAt: string }[];
  /** What is wrong or unknown and concerns this context, for people. */
  readonly problems: readonly string[];
}

/** The lag, end to end: the older of the oldest event that waits in the outbox and the oldest that the consumer hasn't handled. */
export function judgeLag(
  events: Learned<EventsEvidence>,
  { maxLag }: Pick<VerdictThresholds, 'maxLag'>,
): Criterion {
  const name = 'lag' as const;
  const required = `≤ ${time(maxLag)}`;
  if ('unknown' in events) return unread(name, required, events.unknown);
  const { pending, oldestAgeMs, consumerState, consumerLagMs, consumerSeenAgoMs, problems } = events.known;
  const waiting = pending === 0 ? 0 : oldestAgeMs;
  const handled = consumerState === 'none' ? 0 : consumerLagMs;
  const ages = [waiting, handled].filter((age) => age !== null);
  const oldest = Math.max(0, ...ages);
  const told = {
    ...{ name, required },
    reading: [
      `outbox ${waiting === null ? 'unknown' : time(waiting)}`,
      consumerState === 'none' ? 'no consumer' : `consumer ${handled === null ? 'unknown' : time(handled)}`,
    ].join(', '),
    evidence: consumerSeenAgoMs === null ? 'now' : `${time(consumerSeenAgoMs)} ago`,
    figures: {
      pending,
      outboxLagMs: waiting,
      consumerLagMs: consumerState === 'none' ? null : consumerLagMs,
      maxLagMs: maxLag,
    },
  } as const;
  if (oldest > maxLag)
    return { ...told, outcome: 'no-go', why: `${time(oldest)} behind; allowed are ${time(maxLag)}` };
  const [problem] = problems;
  if (problem !== undefined) return { ...told, outcome: 'unknown', why: problem };
  if (ages.length < 2 || ages.some((age) => age < 0))
    return { ...told, outcome: 'unknown', why: 'nobody knows how far the events are behind' };
  return { ...told, outcome: 'go', why: `${time(oldest)} behind` };
}

/** Events that were taken out of the way are missing in the extracted service until somebody looks after them. */
export function judgeParked(
  events: Learned<EventsEvidence>,
  { parked: allowed }: Pick<VerdictThresholds, 'parked'>,
): Criterion {
  const name = 'parked' as const;
  const required = allowed === 0 ? 'none' : `≤ ${allowed}`;
  if ('unknown' in events) return unread(name, required, events.unknown);
  const { parked, oldestParkedAgeMs } = events.known;
  const figures = { parked, oldestParkedAgeMs, allowed };
  if (parked === null)
    return {
      name,
      required,
      outcome: 'unknown',
      reading: 'unknown',
      evidence: '–',
      why: 'the outbox can’t be read',
      figures,
    };
  const age = oldestParkedAgeMs === null || parked === 0 ? '' : `, the oldest ${time(oldestParkedAgeMs)}`;
  const told = { name, required, reading: `${parked}${age}`, evidence: 'now', figures } as const;
  return parked > allowed
    ? { ...told, outcome: 'no-go', why: `${count(parked, 'event')} parked; allowed: ${allowed}` }
    : { ...told, outcome: 'go', why: `${count(parked, 'event')} parked` };
}

/**
 * What the consumer holds by numbers. Parked events count as those of the outbox do, and so does one that has waited for
 * longer than the lag may be. Undefined where it keeps no numbers, or nobody knows whether it does: it is
 * no criterion then.
 */
export function judgeHeld(
  events: Learned<EventsEvidence>,
  { parked: allowed, maxLag }: Pick<VerdictThresholds, 'parked' | 'maxLag'>,
): Criterion | undefined {
  if ('unknown' in events) return undefined;
  const { consumerHeld: held, consumerSeenAgoMs } = events.known;
  if (held === undefined) return undefined;
  const told = {
    name: 'held',
    required: `${allowed === 0 ? 'none' : `≤ ${allowed}`} parked`,
    evidence: consumerSeenAgoMs === null ? '–' : `${time(consumerSeenAgoMs)} ago`,
    figures: {
      ...{ waiting: held?.waiting ?? null, oldestWaitingMs: held?.oldestWaitingMs ?? null },
      ...{ parked: held?.parked ?? null, oldestParkedMs: held?.oldestParkedMs ?? null },
      ...{ allowed, maxLagMs: maxLag },
    },
  } as const;
  if (held === null)
    return {
      ...told,
      ...{ outcome: 'unknown', reading: 'unknown', why: 'the consumer can’t say what it holds' },
    };
  const { waiting, oldestWaitingMs, parked } = held;
  const age = waiting === 0 || oldestWaitingMs === null ? '' : ` (${time(oldestWaitingMs)})`;
  const reading = `${waiting} ${waiting === 1 ? 'waits' : 'wait'}${age}, ${parked} parked`;
  if (parked > allowed)
    return {
      ...told,
      ...{ reading, outcome: 'no-go' },
      why: `the consumer has parked ${count(parked, 'event')}; allowed: ${allowed}`,
    };
  if (waiting > 0 && !(oldestWaitingMs !== null && oldestWaitingMs <= maxLag))
    return {
      ...told,
      ...{ reading, outcome: 'no-go' },
      why: `${count(waiting, 'event')} wait${waiting === 1 ? 's' : ''} for numbers that have not come, the oldest for ${oldestWaitingMs === null ? 'nobody knows how long' : time(oldestWaitingMs)}`,
    };
  return { ...told, reading, outcome: 'go', why: `${count(waiting, 'event')} held, ${parked} parked` };
}

/** Undefined while no capture was stopped: it is no criterion then. */
export function judgeBackfill(events: Learned<EventsEvidence>): Criterion | undefined {
  const [first, ...more] = 'unknown' in events ? [] : events.known.backfillDue;
  if (first === undefined) return undefined;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return {
    ...{ name: 'backfill', outcome: 'no-go', required: 'none due' },
    reading: `due: capture ${first.capture}${others}`,
    evidence: `since ${first.stoppedAt.slice(0, 19)} UTC`,
    why: `capture '${first.capture}'${others} stopped at the budget: what was written since is in no event`,
    figures: { due: more.length + 1 },
  };
}

function unread(name: 'lag' | 'parked', required: string, why: string): Criterion {
  return { name, required, outcome: 'unknown', reading: 'unknown', evidence: '–', why, figures: {} };
}
