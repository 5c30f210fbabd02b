/** Bounds what is sent once more to a share of what is sent, so that retries can't become the load that kills. */
export interface RetryBudget {
  /** A request is sent for the first time. */
  deposit(): void;
  /** Whether one may be sent once more; that is then spent. */
  withdraw(): boolean;
}

/** Retries that a quiet upstream always begins with. */
export const FLOOR = 3;
/** Retries that can be saved up, for when all connections of a pool break at once. */
export const SAVED = 100;

/**
 * `percent` of a retry is earned with each request, so that retries are never more than that share of the requests and
 * three, over any length of time. Counting needs no clock, unlike a window, in which a pause would earn retries.
 */
export function openRetryBudget(percent: number): RetryBudget {
  // In hundredths: whole percents add up without rounding.
  let balance = percent === 0 ? 0 : FLOOR * 100;
  return {
    deposit() {
      balance = Math.min(SAVED * 100, balance + percent);
    },
    withdraw() {
      if (balance < 100) return false;
      balance -= 100;
      return true;
    },
  };
}
