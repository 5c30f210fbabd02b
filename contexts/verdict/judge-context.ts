import type { ContextStatus, UpstreamStatus } from '../gateway-status.ts';
import type { ShadowReport, Verdict } from '../shadow-report.ts';
import type { ReadsStage, WritesStage } from '../stage.ts';
import { sumTraffic, type TrafficWindows } from '../traffic.ts';
import type { VerdictThresholds } from '../verdict-config.ts';
import { joinOutcomes, type Criterion, type Learned } from './criterion.ts';
import { judgeErrors } from './judge-errors.ts';
import { judgeBackfill, judgeHeld, judgeLag, judgeParked, type EventsEvidence } from './judge-events.ts';
import { judgeGateways, judgeKill, judgeService, type FleetEvidence } from './judge-fleet.ts';
import { judgeLatency } from './judge-latency.ts';
import { judgeMatch } from './judge-match.ts';

/** A change of a context's stages, as the audit has it. */
export interface LastChange {
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly before: Stages | null;
  readonly after: Stages | null;
  readonly reason: string | null;
}
interface Stages {
  readonly reads: ReadsStage;
  readonly writes: WritesStage;
}

/** All that is known of one context. */
export interface ContextEvidence {
  readonly context: string;
  readonly reads: ReadsStage;
  readonly writes: WritesStage;
  readonly thresholds: VerdictThresholds;
  readonly carriesEvents: boolean;
  readonly canShadow: boolean;
  readonly hasCohort: boolean;
  readonly fleet: FleetEvidence;
  /** As each gateway that was reached has it. */
  readonly states: readonly { readonly gateway: string; readonly state: ContextStatus }[];
  /** Its extracted service as each gateway sees it. */
  readonly service: readonly { readonly gateway: string; readonly state: UpstreamStatus }[];
  readonly events: Learned<EventsEvidence>;
  readonly shadow: Learned<ShadowReport>;
  readonly lastChange: Learned<LastChange | undefined>;
}

export interface ContextVerdict {
  readonly verdict: Verdict;
  readonly criteria: readonly Criterion[];
}

/** Judges a context by what applies in its stage. Whatever isn't known keeps it from being *go*. */
export function judgeContext(evidence: ContextEvidence): ContextVerdict {
  const { reads, writes, thresholds, states } = evidence;
  const killed = judgeKill(states);
  const criteria: Criterion[] = [judgeGateways(evidence.fleet), ...(killed ? [killed] : [])];
  const moving = isMoving(evidence);
  if (moving) criteria.push(judgeService(evidence.service));
  const isOver = reads.stage === 'retired' && writes.stage === 'retired';
  if (evidence.carriesEvents && !isOver) {
    criteria.push(judgeLag(evidence.events, thresholds), judgeParked(evidence.events, thresholds));
    const held = judgeHeld(evidence.events, thresholds);
    if (held) criteria.push(held);
    const backfill = judgeBackfill(evidence.events);
    if (backfill) criteria.push(backfill);
  }
  if (reads.stage === 'shadow') criteria.push(judgeMatch(evidence.shadow));
  if (reads.stage === 'canary' || reads.stage === 'extracted') {
    const sides = sidesOf(states, 'read', hasBoth(reads));
    criteria.push(judgeErrors('read', sides, thresholds));
    criteria.push(
      judgeLatency('read', 'p95', sides, thresholds),
      judgeLatency('read', 'p99', sides, thresholds),
    );
  }
  if (writes.stage === 'extracted')
    criteria.push(judgeErrors('write', sidesOf(states, 'write', false), thresholds));
  return { verdict: joinOutcomes(criteria), criteria };
}

/** Whether the extracted service has a part in it. */
export function isMoving({ reads, writes }: Pick<ContextEvidence, 'reads' | 'writes'>): boolean {
  return ['shadow', 'canary', 'extracted'].includes(reads.stage) || writes.stage === 'extracted';
}

/** Whether the monolith still gets reads of its own, to compare with. */
function hasBoth(reads: ReadsStage): boolean {
  return reads.stage === 'canary' && reads.percent < 100;
}

function sidesOf(states: ContextEvidence['states'], kind: 'read' | 'write', both: boolean) {
  const sum = (side: 'service' | 'monolith'): TrafficWindows => ({
    now: sumTraffic(states.map(({ state }) => state[kind][side].now)),
    long: sumTraffic(states.map(({ state }) => state[kind][side].long)),
  });
  return { service: sum('service'), monolith: both ? sum('monolith') : undefined };
}
