/** Remembers who has just written, so that a difference that an event on its way explains is no mismatch. */
export interface RecentWrites {
  begin(cohort: string | undefined): void;
  end(cohort: string | undefined): void;
  /** Whether a write of this cohort is under way, or has ended since `time` (of `performance.now()`). */
  since(cohort: string | undefined, time: number): boolean;
}

interface Writes {
  open: number;
  last: number;
}

/** Cohorts that are remembered. With more, the one that wrote longest ago is forgotten: a lag may then show as a mismatch. */
const MOST = 10_000;

/** `keep` is how many milliseconds a write counts. Requests without a cohort are taken for one. */
export function recentWrites(keep: number, now: () => number = () => performance.now()): RecentWrites {
  const cohorts = new Map<string, Writes>();
  const touch = (cohort: string, step: 1 | -1) => {
    const before = cohorts.get(cohort);
    // Put at the end again, so that the first is always the one that wrote longest ago.
    cohorts.delete(cohort);
    cohorts.set(cohort, { open: Math.max(0, (before?.open ?? 0) + step), last: now() });
    for (const [oldest, { open, last }] of cohorts) {
      if (cohorts.size <= MOST && (open > 0 || last >= now() - keep)) break;
      cohorts.delete(oldest);
    }
  };
  return {
    begin: (cohort = '') => touch(cohort, 1),
    end: (cohort = '') => touch(cohort, -1),
    since(cohort = '', time) {
      const writes = cohorts.get(cohort);
      return writes !== undefined && (writes.open > 0 || writes.last >= time);
    },
  };
}
