import type { Guards } from './open-guards.ts';
import type { UpstreamState } from './guard.ts';

/** `GET /upstreams` of the ops port, as JSON: how each upstream fares. What is off is left out. */
export function upstreamsPage(guards: Guards, clock = performance.now.bind(performance)): object {
  return Object.fromEntries(
    Object.entries(guards.states()).map(([name, state]) => [name, describe(state, clock())]),
  );
}

function describe({ breaker, health, underWay }: UpstreamState, now: number): object {
  return {
    ...(breaker
      ? {
          breaker:
            breaker.state === 'open'
              ? {
                  state: 'open',
                  why: breaker.why,
                  opened: breaker.opened,
                  triedAgainInMs: Math.max(0, Math.round(breaker.until - now)),
                }
              : breaker.state === 'half-open'
                ? { state: 'half-open', probesOut: breaker.out, probesPassed: breaker.passed }
                : breaker,
        }
      : {}),
    ...(health ? { health: health.health, ...('why' in health ? { unhealthyWhy: health.why } : {}) } : {}),
    ...(underWay === undefined ? {} : { underWay }),
  };
}
