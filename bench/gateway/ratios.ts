import type { Sample } from './rig.ts';

/** The median over the rounds, and how far the rounds lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One proxy in one scenario, over all rounds. */
export interface Row {
  readonly proxy: string;
  readonly scenario: string;
  readonly perSecond: Spread;
  /** Requests per second of the proxy's processor time: what is compared. */
  readonly perCpuSecond: Spread;
  /** Milliseconds. */
  readonly p50: Spread;
  readonly p99: Spread;
  /** Microseconds of processor time for a request. */
  readonly cpu: Spread;
  /** Bytes. */
  readonly rss: Spread;
  /** The share of its core that the proxy used. Below 0.9 it was not the proxy that set the pace. */
  readonly busy: Spread;
  readonly failed: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** One row for each proxy and scenario, in the order in which they were measured first. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, ({ proxy, scenario }) => `${scenario}\n${proxy}`);
  return [...groups.values()].map((own) => {
    const over = (value: (sample: Sample) => number) => spread(own.map(value));
    return {
      proxy: own[0]!.proxy,
      scenario: own[0]!.scenario,
      perSecond: over(({ requests, seconds }) => requests / seconds),
      perCpuSecond: over(({ requests, cpu }) => requests / cpu),
      p50: over(({ p50 }) => p50),
      p99: over(({ p99 }) => p99),
      cpu: over(({ requests, cpu }) => (cpu / requests) * 1e6),
      rss: over(({ rss }) => rss),
      busy: over(({ cpu, seconds }) => cpu / seconds),
      failed: own.reduce((sum, { failed }) => sum + failed, 0),
    };
  });
}

/** `value` of ours over that of a peer, round by round: both were measured in the same seconds. */
export function ratio(
  samples: readonly Sample[],
  [ours, peer]: readonly [string, string | undefined],
  value: (sample: Sample) => number,
): Spread | undefined {
  const of = (proxy: string | undefined) => samples.filter((sample) => sample.proxy === proxy).map(value);
  const [mine, others] = [of(ours), of(peer)];
  if (mine.length === 0 || mine.length !== others.length) return undefined;
  return spread(mine.map((one, round) => one / others[round]!));
}
