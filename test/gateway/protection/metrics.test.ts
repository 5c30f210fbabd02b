import { expect, test } from 'vitest';
import { gatewayMetrics } from '../../../gateway/metrics.ts';
import type { UpstreamState } from '../../../gateway/protection/guard.ts';

test('the gauges show each upstream as it is at the moment, and forget one that is gone', async () => {
  const open = { state: 'open', until: 0, opened: 1, why: 'a probe failed' } as const;
  const unhealthy = { health: 'unhealthy', why: 'it answered 500' } as const;
  const halfOpen = { state: 'half-open', since: 0, opened: 1, out: 0, passed: 0 } as const;
  const none = { health: undefined, breaker: undefined, underWay: undefined };
  let states: Record<string, UpstreamState> = {};
  const { registry } = gatewayMetrics({
    contexts: () => [],
    revision: () => 0,
    inFlight: () => 0,
    upstreams: () => states,
  });
  const shown = async () =>
    (await registry.metrics()).match(/^banyan_gateway_(breaker_state|health)\{.*$/gm) ?? [];
  expect(await shown()).toEqual([]);
  states = {
    monolith: none,
    stock: { ...none, breaker: open, health: unhealthy },
    prices: { ...none, breaker: halfOpen, health: { health: 'unchecked' } },
  };
  expect(await shown()).toEqual([
    'banyan_gateway_breaker_state{upstream="stock"} 2',
    'banyan_gateway_breaker_state{upstream="prices"} 1',
    'banyan_gateway_health{upstream="stock",check="active"} 0',
    'banyan_gateway_health{upstream="stock",check="passive"} 0',
    'banyan_gateway_health{upstream="prices",check="active"} 1',
    'banyan_gateway_health{upstream="prices",check="passive"} 1',
  ]);
  states = { prices: { ...none, breaker: { state: 'closed' } } };
  expect(await shown()).toEqual([
    'banyan_gateway_breaker_state{upstream="prices"} 0',
    'banyan_gateway_health{upstream="prices",check="passive"} 1',
  ]);
});
