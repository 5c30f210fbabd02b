import type { Protection } from '../../contexts/index.ts';
import type { Outcome } from '../forwarding/forwarder.ts';
import { openBreaker, type BreakerState } from './breaker.ts';
import { limitConcurrency } from './concurrency.ts';
import { openHealth, type HealthState } from './health.ts';
import { openRetryBudget } from './retry-budget.ts';

/** Why a request isn't sent to its upstream. `identity`: nobody knows who is calling. */
export interface Shed {
  readonly cause: 'breaker' | 'health' | 'concurrency' | 'identity';
  /** Seconds after which another try makes sense, at least 1. */
  readonly retryAfter: number;
}

/** How an upstream fares, for people and metrics. */
export interface UpstreamState {
  readonly breaker: BreakerState | undefined;
  readonly health: HealthState | undefined;
  readonly underWay: number | undefined;
}

/** What stands between the gateway and one upstream: every request enters, and leaves with what became of it. */
export interface Guard {
  /** A permit, to be given back with `leave`, or why not. */
  enter(): number | Shed;
  leave(permit: number, outcome: Outcome): void;
  /** Whether a request may be sent once more; that is then spent. */
  mayRetry(): boolean;
  /** An active check came back. */
  checked(failure: string | undefined): void;
  state(): UpstreamState;
}

export interface GuardListener {
  onBreaker(state: BreakerState): void;
  onHealth(state: HealthState): void;
  /** Requests are shed because there are `limit` already; told again only after a while without. */
  onFull(limit: number): void;
}

/** Milliseconds without a shed request after which the next one is told. */
const QUIET = 10_000;

/** Undefined where nothing is to be guarded. It does no I/O, and looks at no other clock than the one that it is given. */
export function openGuard(
  policy: Protection,
  clock: () => number,
  { onBreaker, onHealth, onFull }: GuardListener,
): Guard | undefined {
  const { breaker: breaks, health: checks, concurrency: most, retryBudget: share } = policy;
  if (!breaks && !checks && most === undefined && share === undefined) return undefined;
  const breaker = breaks && openBreaker(breaks, clock, onBreaker);
  const health =
    checks &&
    openHealth(checks, (state) => {
      if (state.health === 'healthy') breaker?.tryNow();
      onHealth(state);
    });
  const concurrency = most === undefined ? undefined : limitConcurrency(most);
  const budget = share === undefined ? undefined : openRetryBudget(share);
  const unhealthy: Shed | undefined = checks && {
    cause: 'health',
    retryAfter: seconds(checks.every * checks.passes),
  };
  const full: Shed = { cause: 'concurrency', retryAfter: 1 };
  let lastFull = -Infinity;
  const tooMany = (): Shed => {
    const now = clock();
    if (now - lastFull > QUIET) onFull(most!);
    lastFull = now;
    return full;
  };

  const broken = (): Shed => {
    const state = breaker!.state();
    const left = state.state === 'open' ? state.until - clock() : 0;
    return { cause: 'breaker', retryAfter: seconds(left) };
  };

  return {
    enter() {
      if (health?.state().health === 'unhealthy') return unhealthy!;
      const permit = breaker ? breaker.admit() : 1;
      if (permit === 0) return broken();
      if (concurrency && !concurrency.enter()) {
        breaker?.settle(permit, undefined);
        return tooMany();
      }
      budget?.deposit();
      return permit;
    },
    leave(permit, outcome) {
      concurrency?.leave();
      breaker?.settle(permit, failed(outcome));
    },
    mayRetry: () => budget === undefined || budget.withdraw(),
    checked: (failure) => health?.checked(failure),
    state: () => ({
      breaker: breaker?.state(),
      health: health?.state(),
      underWay: concurrency?.underWay(),
    }),
  };
}

/** A client that went away says nothing about the upstream; a status of 5xx does, though it is an answer. */
function failed(outcome: Outcome): boolean | undefined {
  if (outcome.ok) return outcome.status >= 500;
  return outcome.failure.side === 'client' ? undefined : true;
}

function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1_000));
}
