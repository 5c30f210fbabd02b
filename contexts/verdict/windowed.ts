import type { Verdict } from '../shadow-report.ts';
import { NO_TRAFFIC, type Traffic, type TrafficWindows } from '../traffic.ts';
import { count, time } from './spell.ts';

/** What one window says. */
export interface Judged {
  readonly outcome: Verdict;
  readonly reading: string;
  readonly why: string;
  readonly figures: Readonly<Record<string, number | null>>;
  /** Whether it looks worse than allowed, were there enough of it or not. */
  readonly worse: boolean;
}

/** A service's requests, and the monolith's own where it still has any of the kind. */
export interface Pair {
  readonly service: Traffic;
  readonly monolith: Traffic | undefined;
}

/**
 * The last five minutes decide where there are enough requests in them. Otherwise the last day does, as far as the
 * stages have been in force, unless the last five minutes look worse than allowed. What the day alone speaks against may
 * be over: that is unknown.
 */
export function judgeWindows(
  service: TrafficWindows,
  monolith: TrafficWindows | undefined,
  kind: 'read' | 'write',
  judge: (pair: Pair) => Judged,
): Judged & { readonly evidence: string } {
  const [now, long] = [
    { service: service.now, monolith: monolith?.now },
    { service: service.long, monolith: monolith?.long },
  ];
  const told = (judged: Judged, { service: { requests, forMs } }: Pair) => ({
    ...judged,
    evidence: `${count(requests, kind)}, ${time(forMs)}`,
  });
  const first = judge(now);
  if (first.outcome !== 'unknown' || first.worse) return told(first, now);
  const second = judge(long);
  if (second.outcome !== 'no-go') return told(second, long);
  return told(
    {
      ...second,
      outcome: 'unknown',
      why: `${second.why}; too few in the last minutes to say whether it still is so`,
    },
    long,
  );
}

/** How often the pair would be enough if everything went on as it does; the first of these that decides. */
const TIMES = [1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1_024];

/** About how many requests of the service it takes to decide, if they go on as they do; undefined where none would do. */
export function neededFor(pair: Pair, decided: (pair: Pair) => boolean): number | undefined {
  const { requests } = pair.service;
  if (requests === 0) return undefined;
  const times = TIMES.find((often) =>
    decided({ service: grown(pair.service, often), monolith: pair.monolith && grown(pair.monolith, often) }),
  );
  return times === undefined ? undefined : Math.ceil(requests * times);
}

function grown(traffic: Traffic, often: number): Traffic {
  return {
    ...NO_TRAFFIC,
    requests: traffic.requests * often,
    failed: traffic.failed * often,
    buckets: traffic.buckets.map((one) => one * often),
  };
}

/** `212 of 381 reads`: what is missing. */
export function missing(requests: number, needed: number | undefined, kind: string): string {
  return needed === undefined
    ? 'too close to what is allowed to tell'
    : `${requests.toLocaleString('en-US')} of about ${count(needed, kind)} that it takes`;
}
