/** Requests of the last while, and how many of them failed. */
export interface Window {
  add(failed: boolean): void;
  requests(): number;
  failures(): number;
  clear(): void;
}

const SLICES = 10;

/**
 * Counts over the last `length` milliseconds, in ten slices: a request is forgotten between nine tenths of the length
 * and the whole of it after it was added. Adding allocates nothing.
 */
export function openWindow(length: number, clock: () => number): Window {
  const requests = new Uint32Array(SLICES);
  const failures = new Uint32Array(SLICES);
  let slice = Math.floor((clock() * SLICES) / length);
  let allRequests = 0;
  let allFailures = 0;
  const turn = () => {
    const now = Math.floor((clock() * SLICES) / length);
    for (let past = Math.min(now - slice, SLICES); past > 0; past -= 1) {
      const index = (now - past + 1) % SLICES;
      allRequests -= requests[index]!;
      allFailures -= failures[index]!;
      requests[index] = failures[index] = 0;
    }
    if (now > slice) slice = now;
  };
  return {
    add(failed) {
      turn();
      const index = slice % SLICES;
      requests[index]! += 1;
      allRequests += 1;
      if (!failed) return;
      failures[index]! += 1;
      allFailures += 1;
    },
    requests() {
      turn();
      return allRequests;
    },
    failures() {
      turn();
      return allFailures;
    },
    clear() {
      requests.fill(0);
      failures.fill(0);
      allRequests = allFailures = 0;
    },
  };
}
