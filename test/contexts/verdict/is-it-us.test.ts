import { expect, test } from 'vitest';
import {
  healthOfMonolith,
  isItUs,
  NO_TRAFFIC,
  type GatewayStatus,
  type Traffic,
} from '../../../contexts/index.ts';
import { evidence, traffic } from './evidence.ts';

function gateway(now: Traffic, before: Traffic, changes: Partial<GatewayStatus> = {}): GatewayStatus {
  const own = { breaker: null, health: null, why: null };
  return {
    ...{
      gateway: 'g1',
      instance: '1',
      generation: 'g',
      revision: 7,
      startedAgoMs: 1,
      missing: null,
      inFlight: 0,
    },
    ...{ eventLoop: { p99: 0.001, max: 0.002, utilization: 0.1 }, contexts: [] },
    upstreams: [
      { upstream: 'monolith', monolith: true, ...own, now, before },
      // Another upstream's failures are none of the monolith's.
      { upstream: 'inventory', monolith: false, ...own, now: traffic(1_000, 1_000), before: NO_TRAFFIC },
    ],
    ...changes,
  };
}
const WELL = [{ context: 'inventory', verdict: 'go', why: '' }] as const;
const asked = (one: GatewayStatus, moved: Parameters<typeof isItUs>[2] = WELL, fleet = evidence().fleet) =>
  isItUs(fleet, [one], moved, healthOfMonolith([one]));
const steady = traffic(5_000, 5);

test('the monolith does worse when it surely fails more often, or takes longer, than in the hour before', () => {
  const worse = (now: Traffic, before: Traffic) => healthOfMonolith([gateway(now, before)]).worse;
  expect(worse(steady, steady)).toBe(false);
  expect(worse(traffic(5_000, 500), steady)).toBe(true);
  expect(worse(traffic(5_000, 5, 0.2), steady)).toBe(true);
  expect(worse(traffic(5_000, 5, 0.031), steady)).toBe(false);
  expect(worse(traffic(99, 99), steady)).toBeUndefined();
  expect(worse(steady, traffic(99))).toBeUndefined();
});

test('several gateways see one monolith', () => {
  const half = gateway(traffic(60), traffic(60));
  expect(healthOfMonolith([half]).worse).toBeUndefined();
  expect(healthOfMonolith([half, half])).toMatchObject({ worse: false, now: { requests: 120 } });
});

test('it is us when a context is no-go, or a gateway itself is late or lost', () => {
  const bad = [{ context: 'inventory', verdict: 'no-go', why: 'lag: 60 s behind' }] as const;
  expect(asked(gateway(steady, steady), bad)).toEqual({ answer: 'yes', why: 'inventory: lag: 60 s behind' });
  // Even if the monolith suffers, too: it may suffer from us.
  expect(asked(gateway(traffic(5_000, 500), steady), bad).answer).toBe('yes');
  const late = { eventLoop: { p99: 0.3, max: 1, utilization: 0.99 } };
  expect(asked(gateway(steady, steady, late))).toMatchObject({
    answer: 'yes',
    why: expect.stringContaining('g1 is overloaded'),
  });
  expect(asked(gateway(steady, steady, { missing: 'no snapshot' })).answer).toBe('yes');
});

test('it is not us when what has moved is well; the monolith is named when it does worse', () => {
  expect(asked(gateway(steady, steady))).toEqual({
    answer: 'no',
    why: 'what has moved is well; the monolith does as before',
  });
  expect(asked(gateway(traffic(5_000, 500), steady))).toMatchObject({
    answer: 'no',
    why: expect.stringContaining('the monolith itself'),
  });
  expect(asked(gateway(NO_TRAFFIC, NO_TRAFFIC), []).why).toContain('too few requests');
});

test('nobody knows while a gateway is away or a context is unknown', () => {
  const { fleet } = evidence();
  const away = { ...fleet, unreached: [{ ops: '10.0.0.2:9101', problem: 'ECONNREFUSED' }] };
  expect(asked(gateway(steady, steady), WELL, away).answer).toBe('unknown');
  expect(asked(gateway(steady, steady), WELL, { ...fleet, unasked: ['g2'] }).answer).toBe('unknown');
  const open = [{ context: 'inventory', verdict: 'unknown', why: 'lag: away' }] as const;
  expect(asked(gateway(steady, steady), open)).toEqual({ answer: 'unknown', why: 'inventory: lag: away' });
});
