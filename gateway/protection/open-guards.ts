import { protectionOf, type Config } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { BreakerState } from './breaker.ts';
import { openGuard, type Guard, type UpstreamState } from './guard.ts';
import { startHealthChecks } from './health-check.ts';

/** The guards of all upstreams that have one. */
export interface Guards {
  get(upstream: string): Guard | undefined;
  /** How each upstream fares; one that nothing guards has an empty state. */
  states(): Record<string, UpstreamState>;
  /** Ends the active checks. */
  close(): void;
}

/** Opens them as configured, begins the active checks, and logs every change. */
export function openGuards(
  { upstreams, monolith }: Config,
  log: Log,
  clock = performance.now.bind(performance),
): Guards {
  const guards = new Map<string, Guard>();
  const ends: (() => void)[] = [];
  for (const [upstream, written] of Object.entries(upstreams)) {
    const policy = protectionOf(written, upstream === monolith);
    const guard = openGuard(policy, clock, {
      onBreaker: (state) => tellBreaker(log, upstream, state),
      onHealth: (state) =>
        state.health === 'unhealthy'
          ? log.warn({ upstream, ...state }, 'the upstream is unhealthy')
          : log.info({ upstream, ...state }, 'the upstream is healthy again'),
      onFull: (limit) => log.warn({ upstream, limit }, 'the upstream is full: requests are shed'),
    });
    if (!guard) continue;
    guards.set(upstream, guard);
    if (policy.health) ends.push(startHealthChecks(written, policy.health, guard.checked));
  }
  const none: UpstreamState = { breaker: undefined, health: undefined, underWay: undefined };
  return {
    get: (upstream) => guards.get(upstream),
    states: () =>
      Object.fromEntries(Object.keys(upstreams).map((name) => [name, guards.get(name)?.state() ?? none])),
    close() {
      for (const end of ends) end();
    },
  };
}

function tellBreaker(log: Log, upstream: string, state: BreakerState): void {
  if (state.state === 'open')
    log.warn({ upstream, breaker: 'open', opened: state.opened, why: state.why }, 'the breaker opens');
  else if (state.state === 'half-open')
    log.info({ upstream, breaker: 'half-open' }, 'the breaker lets probes through');
  else log.info({ upstream, breaker: 'closed' }, 'the breaker closes');
}
