/** Bytes that all answers under comparison may hold together. */
export interface Budget {
  /** False when there is no room. */
  take(bytes: number): boolean;
  release(bytes: number): void;
  held(): number;
}

export function openBudget(limit: number): Budget {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > limit) return false;
      held += bytes;
      return true;
    },
    release(bytes) {
      held -= bytes;
    },
    held: () => held,
  };
}
