import { noCounts, type ShadowCounts, type ShadowOutcome } from '../../contexts/index.ts';

/** Counts outcomes of the last `window` milliseconds. */
export interface Tally {
  add(outcome: ShadowOutcome): void;
  counts(): ShadowCounts;
}

/** The window moves on in so many steps. */
const STEPS = 24;

export function openTally(window: number, now: () => number = () => performance.now()): Tally {
  const length = window / STEPS;
  let steps: { number: number; counts: Record<ShadowOutcome, number> }[] = [];
  /** The step of this moment; those that have left the window are forgotten when a new one begins. */
  const current = () => {
    const number = Math.floor(now() / length);
    let last = steps.at(-1);
    if (last?.number !== number) {
      last = { number, counts: noCounts() };
      steps = [...steps.filter((step) => step.number > number - STEPS), last];
    }
    return last;
  };
  return {
    add: (outcome) => void (current().counts[outcome] += 1),
    counts() {
      current();
      const sum = noCounts();
      for (const { counts } of steps)
        for (const outcome of Object.keys(counts) as ShadowOutcome[]) sum[outcome] += counts[outcome];
      return sum;
    },
  };
}
