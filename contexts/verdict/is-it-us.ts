import { compareQuantiles } from '../compare-quantiles.ts';
import { differenceOf, shareOf } from '../compare-rates.ts';
import { quantileOf } from '../durations.ts';
import type { GatewayStatus } from '../gateway-status.ts';
import type { Verdict } from '../shadow-report.ts';
import { sumTraffic, type Traffic } from '../traffic.ts';
import { USUAL_THRESHOLDS } from '../verdict-config.ts';
import type { FleetEvidence } from './judge-fleet.ts';
import { percent, time } from './spell.ts';

/** How the monolith does now, beside the hour before. `worse` is undefined where that can't be told. */
export interface MonolithHealth {
  readonly now: Traffic;
  readonly before: Traffic;
  readonly worse: boolean | undefined;
  readonly told: string;
}

/** Whether what goes wrong is Banyan's and the extracted services' doing. */
export interface IsItUs {
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly why: string;
}

/** Seconds by which a gateway's event loop may be late at its p99; beyond, it keeps clients waiting itself. */
const LATE = 0.25;

/** All that the monolith answered, of contexts and of none, as the gateways saw it. */
export function healthOfMonolith(gateways: readonly GatewayStatus[]): MonolithHealth {
  const all = gateways.flatMap(({ upstreams }) => upstreams.filter(({ monolith }) => monolith));
  const now = sumTraffic(all.map((one) => one.now));
  const before = sumTraffic(all.map((one) => one.before));
  const told = `${describe(now)}${before.requests > 0 ? `; before ${describe(before)}` : ''}`;
  return { now, before, worse: isWorse(now, before), told };
}

function isWorse(now: Traffic, before: Traffic): boolean | undefined {
  const { minSamples, errorRate, latency, slack } = USUAL_THRESHOLDS;
  if (now.requests < minSamples || before.requests < minSamples) return undefined;
  const more = differenceOf(
    { hits: now.failed, total: now.requests },
    { hits: before.failed, total: before.requests },
  );
  if (more.lower > errorRate / 100) return true;
  const [one, other] = [quantileOf(now.buckets, 0.95), quantileOf(before.buckets, 0.95)];
  if (!one || !other) return undefined;
  const { ratio, difference } = compareQuantiles(one, other);
  return ratio.lower > latency && difference.lower > slack / 1_000;
}

function describe({ requests, failed, buckets }: Traffic): string {
  if (requests === 0) return 'no requests';
  const p95 = quantileOf(buckets, 0.95);
  return `${percent(shareOf({ hits: failed, total: requests }))} errors, p95 ${p95 ? time(p95.value * 1_000) : 'unknown'}`;
}

/** `moved`: contexts of which clients get answers of the extracted service. */
export function isItUs(
  fleet: FleetEvidence,
  gateways: readonly GatewayStatus[],
  moved: readonly { readonly context: string; readonly verdict: Verdict; readonly why: string }[],
  monolith: MonolithHealth,
): IsItUs {
  const bad = moved.find(({ verdict }) => verdict === 'no-go');
  if (bad) return { answer: 'yes', why: `${bad.context}: ${bad.why}` };
  const late = gateways.find(({ eventLoop }) => eventLoop.p99 > LATE);
  if (late)
    return {
      answer: 'yes',
      why: `gateway ${late.gateway} is overloaded: p99 ${time(late.eventLoop.p99 * 1_000)} late, ${percent(late.eventLoop.utilization)} busy`,
    };
  const lost = gateways.find(({ missing }) => missing);
  if (lost) return { answer: 'yes', why: `gateway ${lost.gateway}: ${lost.missing}` };
  if (monolith.worse) return { answer: 'no', why: 'the monolith itself does worse than in the hour before' };
  const [away] = fleet.unreached;
  if (away) return { answer: 'unknown', why: `${away.ops} was not reached: ${away.problem}` };
  if (fleet.unasked.length > 0)
    return { answer: 'unknown', why: `${fleet.unasked.join(', ')} did not answer` };
  const open = moved.find(({ verdict }) => verdict === 'unknown');
  if (open) return { answer: 'unknown', why: `${open.context}: ${open.why}` };
  const beside =
    monolith.worse === undefined
      ? 'too few requests to say whether the monolith does as before'
      : 'the monolith does as before';
  return { answer: 'no', why: `what has moved is well; ${beside}` };
}
