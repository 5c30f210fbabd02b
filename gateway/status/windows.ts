import { DURATION_BOUNDS, type Traffic } from '../../contexts/index.ts';
import type { RequestSeries } from '../request-metrics.ts';

/** Milliseconds between two marks, and how many are kept: five minutes' close ones, a day's far ones. */
const CLOSE = { every: 10_000, marks: 31 } as const;
const FAR = { every: 3_600_000, marks: 25 } as const;
/** A timer may be so much early. */
const EARLY = 1_000;
const NOW = 300_000;
const BEFORE = 3_600_000;

/** Where numbers stand in a mark: requests with an answer, those that failed, those that were aborted, and the buckets. */
const FAILED = 1;
const ABORTED = 2;
const BUCKETS = 3;
const NUMBERS = BUCKETS + DURATION_BOUNDS.length + 1;

/** What a context's requests are counted from: how the counts stood when its stages came into force. */
export interface Base {
  readonly at: number;
  readonly counts: ReadonlyMap<RequestSeries, Uint32Array>;
}

/**
 * Looks at what has been counted since the start now and again, and so knows what was counted in the last while. The
 * requests themselves pay nothing for it. Per series it keeps some 10 KB. Times are the clock's, in milliseconds.
 */
export interface Windows {
  /** To be called every `CLOSE.every` milliseconds; late calls make windows longer, and nothing wrong. */
  tick(): void;
  base(): Base;
  /** The last five minutes, from `base` on at the earliest. */
  now(series: Iterable<RequestSeries>, base?: Base): Traffic;
  /** The last day, likewise. */
  long(series: Iterable<RequestSeries>, base?: Base): Traffic;
  /** From an hour or two before now to five minutes before now; nothing in the first five minutes. */
  before(series: Iterable<RequestSeries>): Traffic;
}

export function openWindows(all: () => Iterable<RequestSeries>, clock: () => number): Windows {
  const close = openMarks(CLOSE, clock());
  const far = openMarks(FAR, clock());
  const tick = () => {
    const now = clock();
    for (const marks of [close, far]) marks.tick(now, all());
  };
  const since = (from: Mark, base: Base | undefined): Mark =>
    base && base.at > from.at ? { at: base.at, of: (series) => base.counts.get(series) } : from;
  const latest = (): Mark => ({ at: clock(), of: countsOf });
  return {
    tick,
    base: () => ({ at: clock(), counts: new Map([...all()].map((series) => [series, countsOf(series)])) }),
    now: (series, base) => between(series, since(close.oldest(clock() - NOW), base), latest()),
    long: (series, base) => between(series, since(far.oldest(-Infinity), base), latest()),
    before(series) {
      const end = close.oldest(clock() - NOW);
      return between(series, far.youngest(end.at - BEFORE), end);
    },
  };
}

/** How the counts stood at a time. Of a series that had nothing yet there is nothing. */
interface Mark {
  readonly at: number;
  readonly of: (series: RequestSeries) => Uint32Array | undefined;
}

/** A ring of marks; the first is the start, where nothing was counted. */
function openMarks({ every, marks }: { every: number; marks: number }, start: number) {
  const times = new Float64Array(marks).fill(start);
  const rings = new Map<RequestSeries, Uint32Array>();
  let next = 1;
  let last = start;
  const mark = (index: number): Mark => ({
    at: times[index]!,
    of: (series) => rings.get(series)?.subarray(index * NUMBERS, (index + 1) * NUMBERS),
  });
  /** From the oldest to the youngest; slots that were never used are as the start. */
  const inOrder = () => Array.from({ length: marks }, (_, index) => (next + index) % marks);
  return {
    tick(now: number, all: Iterable<RequestSeries>) {
      if (now - last < every - EARLY) return;
      last = now;
      times[next] = now;
      for (const series of all) {
        const ring = rings.get(series) ?? new Uint32Array(marks * NUMBERS);
        ring.set(countsOf(series), next * NUMBERS);
        rings.set(series, ring);
      }
      next = (next + 1) % marks;
    },
    /** The oldest that isn't from before `from`, give or take one mark; the youngest if all are older. */
    oldest: (from: number) =>
      mark(inOrder().find((index) => times[index]! > from - every) ?? (next + marks - 1) % marks),
    /** The youngest that is from before `until`, else the oldest. */
    youngest: (until: number) => mark(inOrder().findLast((index) => times[index]! <= until) ?? next),
  };
}

function countsOf({ outcomes, buckets }: RequestSeries): Uint32Array {
  const counts = new Uint32Array(NUMBERS);
  for (const [index, count] of outcomes.entries()) counts[index === 0 ? ABORTED : 0]! += count;
  counts[FAILED] = outcomes[5]!;
  counts.set(buckets, BUCKETS);
  return counts;
}

/** What was counted from one mark to another: the plain series, less what was done in another's place. */
function between(all: Iterable<RequestSeries>, from: Mark, to: Mark): Traffic {
  const sum = new Float64Array(NUMBERS);
  for (const series of all) {
    const end = to.of(series);
    if (!end) continue;
    const begin = from.of(series);
    // Counts may pass 2^32; what is between two marks doesn't.
    for (let index = 0; index < NUMBERS; index += 1)
      sum[index]! += ((end[index]! - (begin?.[index] ?? 0)) >>> 0) * (series.instead ? -1 : 1);
  }
  return {
    forMs: Math.round(to.at - from.at),
    requests: sum[0]!,
    failed: sum[FAILED]!,
    aborted: sum[ABORTED]!,
    buckets: [...sum.subarray(BUCKETS)],
  };
}
