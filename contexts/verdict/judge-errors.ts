import { differenceOf, shareOf, type Rate } from '../compare-rates.ts';
import type { Traffic, TrafficWindows } from '../traffic.ts';
import type { VerdictThresholds } from '../verdict-config.ts';
import { wilson } from '../wilson.ts';
import type { Criterion } from './criterion.ts';
import { percent, points } from './spell.ts';
import { judgeWindows, missing, neededFor, type Judged, type Pair } from './windowed.ts';

type Limits = Pick<VerdictThresholds, 'errorRate' | 'minSamples'>;

/**
 * How much more of the service's requests fail than of the monolith's own at the same time; without the monolith's, how
 * many fail. *go* when it is surely no more than allowed, *no-go* when it surely is.
 */
export function judgeErrors(
  kind: 'read' | 'write',
  { service, monolith }: { service: TrafficWindows; monolith: TrafficWindows | undefined },
  limits: Limits,
): Criterion {
  const { errorRate } = limits;
  const judged = judgeWindows(service, monolith, kind, (pair) => judgeOnce(kind, pair, limits));
  const { worse: _, ...told } = judged;
  return {
    name: `${kind} errors`,
    ...told,
    required: monolith ? `≤ monolith +${errorRate} %` : `≤ ${errorRate} %`,
  };
}

function judgeOnce(kind: string, pair: Pair, limits: Limits): Judged {
  const { service, monolith } = pair;
  const allowed = limits.errorRate / 100;
  const own = rateOf(service);
  const other = monolith && rateOf(monolith);
  const { lower, upper } = other ? differenceOf(own, other) : wilson(own.hits, own.total);
  const excess = shareOf(own) - (other ? shareOf(other) : 0);
  const more = other ? ' points more than the monolith’s' : ' %';
  const range = `${points(lower)} to ${points(upper)}${more}`;
  const told = {
    reading:
      own.total === 0
        ? `no ${kind}s yet`
        : `${percent(shareOf(own))}${other ? `; monolith ${other.total === 0 ? 'unknown' : percent(shareOf(other))}` : ''}`,
    figures: {
      ...{ requests: own.total, failed: own.hits },
      ...(other ? { monolithRequests: other.total, monolithFailed: other.hits } : {}),
      ...{ lowerPoints: rounded(lower), upperPoints: rounded(upper) },
    },
    worse: own.total > 0 && excess > allowed,
  };
  // Without one request of the monolith to compare with, what fails by itself more often than allowed still is bad.
  const alone = other?.total === 0 && wilson(own.hits, own.total).lower > allowed;
  if (own.total > 0 && (lower > allowed || alone))
    return {
      ...told,
      outcome: 'no-go',
      why: `${percent(shareOf(own))} fail: ${range}; allowed are ${limits.errorRate}`,
    };
  const few = [service, ...(monolith ? [monolith] : [])].find(({ requests }) => requests < limits.minSamples);
  if (few) {
    const whose = few === service ? '' : ' of the monolith';
    return {
      ...told,
      outcome: 'unknown',
      why: `${few.requests} of ${limits.minSamples} ${kind}s${whose} that it takes`,
    };
  }
  if (upper <= allowed) return { ...told, outcome: 'go', why: range };
  const needed = neededFor(pair, (grown) => isDecided(grown, allowed));
  return { ...told, outcome: 'unknown', why: `${range}: ${missing(own.total, needed, kind)}` };
}

function isDecided({ service, monolith }: Pair, allowed: number): boolean {
  const own = rateOf(service);
  const { lower, upper } = monolith ? differenceOf(own, rateOf(monolith)) : wilson(own.hits, own.total);
  return lower > allowed || upper <= allowed;
}

const rateOf = ({ failed, requests }: Traffic): Rate => ({ hits: failed, total: requests });
const rounded = (share: number) => Math.round(share * 1e6) / 1e4;
