/** Milliseconds over which growth is measured: a file grows in steps of some MiB. */
const WINDOW = 600_000;

export interface BudgetState {
  /** NaN is unknown, in all three. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** 0 at the budget, infinite where nothing grows. */
  readonly secondsLeft: number;
}

export const UNKNOWN: BudgetState = {
  bytes: Number.NaN,
  bytesPerSecond: Number.NaN,
  secondsLeft: Number.NaN,
};

/** Takes sizes as they are measured, and says how fast they grow and when the budget is reached. Pure but for its memory. */
export function watchGrowth(budget: number): (bytes: number, at: number) => BudgetState {
  let sizes: { readonly bytes: number; readonly at: number }[] = [];
  return (bytes, at) => {
    sizes = [...sizes.filter((one) => at - one.at <= WINDOW), { bytes, at }];
    const first = sizes[0]!;
    const seconds = (at - first.at) / 1_000;
    const bytesPerSecond = seconds > 0 ? Math.max(0, bytes - first.bytes) / seconds : Number.NaN;
    const left = Math.max(0, budget - bytes);
    // Without growth infinite; NaN while nobody knows it, after one measurement.
    const secondsLeft = left === 0 ? 0 : left / bytesPerSecond;
    return { bytes, bytesPerSecond, secondsLeft };
  };
}
