import {
  DURATION_BOUNDS,
  NO_TRAFFIC,
  USUAL_THRESHOLDS,
  type ContextEvidence,
  type ContextStatus,
  type EventsEvidence,
  type Traffic,
  type TrafficWindows,
} from '../../../contexts/index.ts';

/** So many requests, of which so many failed, each as long as given, in seconds. */
export function traffic(requests: number, failed = 0, seconds = 0.02, forMs = 300_000): Traffic {
  const bucket = DURATION_BOUNDS.findIndex((bound) => seconds <= bound);
  const buckets = [...NO_TRAFFIC.buckets];
  buckets[bucket < 0 ? DURATION_BOUNDS.length : bucket] = requests;
  return { forMs, requests, failed, aborted: 0, buckets };
}

/** The same now and for long, unless given. */
export const windows = (now: Traffic, long = now): TrafficWindows => ({ now, long });

/** Events that are 39 ms behind, none parked. */
export const EVENTS: EventsEvidence = {
  ...{ pending: 1, oldestAgeMs: 7, parked: 0, oldestParkedAgeMs: null },
  ...{ consumerState: 'known', consumerLagMs: 39, consumerSeenAgoMs: 20, problems: [], backfillDue: [] },
};

const NONE = { service: windows(NO_TRAFFIC), monolith: windows(NO_TRAFFIC) };

export function state(changes: Partial<ContextStatus> = {}): ContextStatus {
  return {
    ...{ context: 'inventory', upstream: 'inventory', sinceMs: 720_000, kill: null },
    ...{ reads: { stage: 'legacy' }, writes: { stage: 'legacy' } },
    ...{ carriesEvents: true, canShadow: true, hasCohort: true, thresholds: USUAL_THRESHOLDS },
    ...{ read: NONE, write: NONE },
    ...changes,
  };
}

/** All is known and well: one gateway at revision 7, a canary of 10 % that does as the monolith does. */
export function evidence(changes: Partial<ContextEvidence> = {}): ContextEvidence {
  const good = windows(traffic(2_000));
  const reads = changes.reads ?? { stage: 'canary' as const, percent: 10 };
  return {
    ...{ context: 'inventory', reads, writes: { stage: 'legacy' } },
    ...{ thresholds: USUAL_THRESHOLDS, carriesEvents: true, canShadow: true, hasCohort: true },
    fleet: {
      reached: [{ gateway: 'g1', generation: 'g', revision: 7, missing: null }],
      ...{ unreached: [], unasked: [], register: undefined },
      stored: { generation: 'g', revision: 7 },
    },
    states: [
      {
        gateway: 'g1',
        state: state({
          reads,
          read: { service: good, monolith: good },
          write: { service: good, monolith: good },
        }),
      },
    ],
    service: [
      {
        gateway: 'g1',
        state: {
          ...{ upstream: 'inventory', monolith: false, breaker: 'closed', health: null, why: null },
          ...{ now: NO_TRAFFIC, before: NO_TRAFFIC },
        },
      },
    ],
    events: { known: EVENTS },
    shadow: { unknown: 'nothing is shadowed' },
    lastChange: { known: undefined },
    ...changes,
  };
}
