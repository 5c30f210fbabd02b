import { spread, type Spread } from '../gateway/ratios.ts';
import type { Sample } from './throughput.ts';

/** One line of the table: who dealt with which backlog, over all rounds. */
export interface Row {
  readonly scenario: string;
  readonly who: string;
  readonly perSecond: Spread;
  /** Microseconds of processor time for an event. */
  readonly cpu: Spread;
  readonly queriesPerEvent: Spread;
  /** Bytes. */
  readonly rss: Spread;
}

const perSecond = ({ events, seconds }: Sample) => events / seconds;
const nameOf = ({ who, relays }: Sample) => (relays > 1 ? `${who} × ${relays}` : who);

/** One row for each sender and scenario, in the order in which they were measured first. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, (sample) => `${sample.scenario}\n${nameOf(sample)}`);
  return [...groups.values()].map((own) => {
    const over = (value: (sample: Sample) => number) => spread(own.map(value));
    return {
      scenario: own[0]!.scenario,
      who: nameOf(own[0]!),
      perSecond: over(perSecond),
      cpu: over(({ cpu, events }) => (cpu / events) * 1e6),
      queriesPerEvent: over(({ queries, events }) => queries / events),
      rss: over(({ rss }) => rss),
    };
  });
}

/** A measurement of one sender. */
export type Which = Pick<Sample, 'scenario' | 'who'>;

/** Events per second of the one over those of the other, round by round. */
export function ratioOf(
  samples: readonly Sample[],
  [ours, other]: readonly [Which, Which],
): Spread | undefined {
  const of = (one: Which) =>
    samples
      .filter(({ scenario, who, relays }) => scenario === one.scenario && who === one.who && relays === 1)
      .map(perSecond);
  const [mine, others] = [of(ours), of(other)];
  if (mine.length === 0 || mine.length !== others.length) return undefined;
  return spread(mine.map((one, round) => one / others[round]!));
}
