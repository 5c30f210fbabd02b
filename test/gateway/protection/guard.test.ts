import { expect, test } from 'vitest';
import { protectionOf } from '../../../contexts/index.ts';
import type { Outcome } from '../../../gateway/forwarding/forwarder.ts';
import { openGuard } from '../../../gateway/protection/guard.ts';
import { configOf } from '../../contexts/sample.ts';

const OK: Outcome = { ok: true, status: 200 };
const broke = (side: 'upstream' | 'client'): Outcome => ({
  ok: false,
  failure: { side, phase: 'head', late: false, stale: false, cause: new Error('it broke') },
});

function guardOf(fields: string) {
  let now = 0;
  const { upstreams } = configOf(`
upstreams:
  monolith: { url: http://127.0.0.1:3000 }
  inventory: { url: http://127.0.0.1:3001${fields === '' ? '' : `, ${fields}`} }
`);
  const told: number[] = [];
  const listener = { onBreaker() {}, onHealth() {}, onFull: (limit: number) => void told.push(limit) };
  const guard = openGuard(protectionOf(upstreams['inventory']!, false), () => now, listener)!;
  const send = (outcome: Outcome) => {
    const permit = guard.enter();
    if (typeof permit === 'number') guard.leave(permit, outcome);
    return permit;
  };
  return { guard, send, told, pass: (milliseconds: number) => (now += milliseconds) };
}

test('an extracted service has a breaker and a retry budget by default, and no limit on its requests', () => {
  const { guard, send } = guardOf('');
  for (let request = 0; request < 2_000; request += 1) expect(guard.enter()).toBeGreaterThan(0);
  for (let request = 0; request < 5; request += 1) send(broke('upstream'));
  expect(guard.enter()).toEqual({ cause: 'breaker', retryAfter: 5 });
});

test('with all of it off there is no guard; nor has the monolith one', () => {
  expect(guardOf('breaker: none, retryBudget: none').guard).toBeUndefined();
  expect(protectionOf({}, true)).toEqual({
    connectTimeout: undefined,
    timeout: undefined,
    idleTimeout: undefined,
    breaker: undefined,
    health: undefined,
    concurrency: undefined,
    retryBudget: undefined,
  });
});

test('an answer of 5xx is a failure for the breaker; one of 4xx, and a client that went away, are none', () => {
  const { guard, send } = guardOf('breaker: { consecutive: 2 }');
  for (const outcome of [broke('client'), { ok: true, status: 404 }, broke('client')] as Outcome[]) {
    send({ ok: true, status: 500 });
    send(outcome);
    send(OK);
  }
  expect(guard.state().breaker!.state).toBe('closed');
  send({ ok: true, status: 503 });
  send({ ok: true, status: 500 });
  expect(guard.state().breaker!.state).toBe('open');
});

test('a request too many is shed, and a place is free again when one ends, however it ends', () => {
  const { guard } = guardOf('concurrency: 2');
  const permits = [guard.enter(), guard.enter()] as number[];
  expect(guard.enter()).toEqual({ cause: 'concurrency', retryAfter: 1 });
  guard.leave(permits[0]!, broke('client'));
  permits[0] = guard.enter() as number;
  expect(guard.enter()).toMatchObject({ cause: 'concurrency' });
  for (const permit of permits) guard.leave(permit, broke('upstream'));
  expect(guard.state().underWay).toBe(0);
});

test('that requests are shed is told once, and again after ten seconds without', () => {
  const { guard, told, pass } = guardOf('concurrency: 1');
  guard.enter();
  for (let time = 0; time < 5; time += 1) {
    guard.enter();
    pass(10_000);
  }
  expect(told).toEqual([1]);
  pass(1);
  guard.enter();
  expect(told).toEqual([1, 1]);
});

test('a probe that finds no place is not lost', () => {
  const { guard, send, pass } = guardOf('concurrency: 2, breaker: { consecutive: 1, probes: 2 }');
  guard.enter();
  send(broke('upstream'));
  pass(5_000);
  const probe = guard.enter() as number;
  expect(guard.enter()).toMatchObject({ cause: 'concurrency' });
  guard.leave(probe, OK);
  send(OK);
  expect(guard.state().breaker!.state).toBe('closed');
});

test('the wait that is told grows with the breaker’s, and is a second at least', () => {
  const { guard, send, pass } = guardOf('breaker: { consecutive: 1, openFor: 300ms, maxOpenFor: 1h }');
  send(broke('upstream'));
  expect(guard.enter()).toEqual({ cause: 'breaker', retryAfter: 1 });
  for (let time = 0; time < 4; time += 1) {
    pass(3_600_000);
    send(broke('upstream'));
  }
  expect(guard.enter()).toEqual({ cause: 'breaker', retryAfter: 5 });
});

test('an unhealthy upstream gets nothing, and is tried at once when it is healthy again', () => {
  const { guard, send } = guardOf(
    'health: { path: /healthz, failures: 1, passes: 1, every: 10s }, breaker: { consecutive: 1, probes: 1 }',
  );
  send(broke('upstream'));
  guard.checked('it answered 500');
  expect(guard.enter()).toEqual({ cause: 'health', retryAfter: 10 });
  guard.checked(undefined);
  expect(guard.state().breaker!.state).toBe('half-open');
  send(OK);
  expect(guard.state().breaker!.state).toBe('closed');
});

test('a request sent pays for a fifth of a retry; one that is shed pays for none', () => {
  const { guard, send } = guardOf('concurrency: 1');
  for (let spent = 0; spent < 3; spent += 1) expect(guard.mayRetry()).toBe(true);
  for (let request = 0; request < 5; request += 1) send(OK);
  expect([guard.mayRetry(), guard.mayRetry()]).toEqual([true, false]);
  guard.enter();
  for (let request = 0; request < 50; request += 1) guard.enter();
  expect(guard.mayRetry()).toBe(false);
});
