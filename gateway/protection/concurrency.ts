/** A bounded number of requests under way (a bulkhead without a queue: who waits would only be late). */
export interface Concurrency {
  /** Takes a place; false where there is none. */
  enter(): boolean;
  /** Gives it back. */
  leave(): void;
  underWay(): number;
}

export function limitConcurrency(limit: number): Concurrency {
  let now = 0;
  return {
    enter() {
      if (now >= limit) return false;
      now += 1;
      return true;
    },
    leave() {
      now -= 1;
    },
    underWay: () => now,
  };
}
