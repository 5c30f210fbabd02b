import type { BreakerPolicy } from '../../contexts/index.ts';
import { openWindow } from './window.ts';

/** Where a circuit breaker stands. Times are the clock's, in milliseconds. */
export type BreakerState =
  | { readonly state: 'closed' }
  /** `opened`: so many times since it was last closed. */
  | { readonly state: 'open'; readonly until: number; readonly opened: number; readonly why: string }
  /** `out`: probes under way. */
  | {
      readonly state: 'half-open';
      readonly since: number;
      readonly opened: number;
      readonly out: number;
      readonly passed: number;
    };

/** Leaves an upstream alone while its requests fail, and tries it again with a few. */
export interface Breaker {
  /** A permit for one request, or 0: not now. Every permit must be settled. */
  admit(): number;
  /** How that request ended; undefined where it says nothing about the upstream, as when the client went away. */
  settle(permit: number, failed: boolean | undefined): void;
  /** Tries the upstream now, if it is open: there is reason to believe that it is back. */
  tryNow(): void;
  state(): BreakerState;
}

const CLOSED: BreakerState = { state: 'closed' };

/**
 * `onChange` is told of every change of `state`, after it. What a request says counts only in the state that it was
 * admitted in: one that began before the breaker opened neither closes it nor opens it again.
 */
export function openBreaker(
  { failureRate, window: length, minimum, consecutive, openFor, maxOpenFor, probes }: BreakerPolicy,
  clock: () => number,
  onChange: (state: BreakerState) => void,
): Breaker {
  const window = openWindow(length, clock);
  let state: BreakerState = CLOSED;
  let inARow = 0;
  /** Grows with every change, and is the permit: a permit of another state is recognised by it. */
  let epoch = 1;

  const change = (next: BreakerState) => {
    state = next;
    epoch += 1;
    onChange(next);
  };
  const open = (opened: number, why: string) => {
    const time = Math.min(maxOpenFor, openFor * 2 ** Math.min(opened - 1, 30));
    change({ state: 'open', until: clock() + time, opened, why });
  };
  const halfOpen = (opened: number) =>
    change({ state: 'half-open', since: clock(), opened, out: 0, passed: 0 });
  const close = () => {
    window.clear();
    inARow = 0;
    change(CLOSED);
  };
  const settleClosed = (failed: boolean) => {
    window.add(failed);
    inARow = failed ? inARow + 1 : 0;
    if (!failed) return;
    if (inARow >= consecutive) return open(1, `${inARow} requests in a row failed`);
    const requests = window.requests();
    const failures = window.failures();
    if (requests >= minimum && failures * 100 >= failureRate * requests)
      open(1, `${failures} of ${requests} requests failed`);
  };

  return {
    admit() {
      if (state.state === 'closed') return epoch;
      const now = clock();
      if (state.state === 'open') {
        if (now < state.until) return 0;
        halfOpen(state.opened);
      }
      if (state.state !== 'half-open') return 0;
      if (state.out + state.passed >= probes) {
        // A probe may take for ever; others are sent then.
        if (now - state.since < maxOpenFor) return 0;
        halfOpen(state.opened);
      }
      state = { ...state, out: state.out + 1 };
      return epoch;
    },
    settle(permit, failed) {
      if (permit !== epoch) return;
      if (state.state === 'closed') {
        if (failed !== undefined) settleClosed(failed);
      } else if (state.state === 'half-open') {
        if (failed) return open(state.opened + 1, 'a probe failed');
        state = {
          ...state,
          out: state.out - 1,
          passed: state.passed + (failed === false ? 1 : 0),
        };
        if (state.passed >= probes) close();
      }
    },
    tryNow() {
      if (state.state === 'open') halfOpen(state.opened);
    },
    state: () => state,
  };
}
