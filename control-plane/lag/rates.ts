import type { Sample } from './sample.ts';

/** Events a second. */
export interface Rates {
  readonly rateIn: number;
  readonly rateOut: number;
}

/** Watches samples go by, and tells rates between the first and the last of them in the window. */
export interface RateWatch {
  add(sample: Sample): void;
  /** Of the types that `belongs` lets through; undefined before there are two samples. */
  rates(belongs: (type: string) => boolean): Rates | undefined;
  /** Types that were settled since this watch began. */
  types(): readonly string[];
}

interface Mark {
  readonly at: number;
  /** By type: pending and parked. */
  readonly waiting: ReadonlyMap<string, number>;
  /** By type: settled since this watch began. */
  readonly settled: ReadonlyMap<string, number>;
}

export function watchRates(window = 10_000): RateWatch {
  const marks: Mark[] = [];
  const settled = new Map<string, number>();
  let before: ReadonlyMap<string, Readonly<Record<string, number>>> | undefined;
  return {
    add(sample) {
      const now = new Map(sample.relays.map(({ relay, settledByType }) => [relay, settledByType]));
      if (before) {
        for (const [relay, counts] of now)
          for (const [type, count] of newlySettled(before.get(relay) ?? {}, counts))
            settled.set(type, (settled.get(type) ?? 0) + count);
      }
      before = now;
      marks.push({
        at: sample.databaseTime,
        waiting: new Map(sample.types.map(({ type, pending, parked }) => [type, pending + parked])),
        settled: new Map(settled),
      });
      while (marks.length > 2 && sample.databaseTime - marks[1]!.at >= window) marks.shift();
    },
    rates(belongs) {
      const [first, last] = [marks[0], marks.at(-1)];
      const seconds = first && last ? (last.at - first.at) / 1_000 : 0;
      if (!first || !last || seconds <= 0) return undefined;
      const grown = (counts: 'waiting' | 'settled') =>
        sum(last[counts], belongs) - sum(first[counts], belongs);
      const out = grown('settled');
      // Relays tell their counts once a second, rows go at once: for a moment more seems to leave than came.
      const came = Math.max(0, grown('waiting') + out);
      return { rateIn: came / seconds, rateOut: out / seconds };
    },
    types: () => [...settled.keys()],
  };
}

/** What a relay settled since its last counts. A count that fell means that it has restarted, and counts from zero. */
function newlySettled(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): [string, number][] {
  const restarted = Object.entries(before).some(([type, count]) => (now[type] ?? 0) < count);
  return Object.entries(now).map(([type, count]) => [type, restarted ? count : count - (before[type] ?? 0)]);
}

function sum(counts: ReadonlyMap<string, number>, belongs: (type: string) => boolean): number {
  let total = 0;
  for (const [type, count] of counts) if (belongs(type)) total += count;
  return total;
}
