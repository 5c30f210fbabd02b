import { expect, test } from 'vitest';
import { openBreaker, type Breaker } from '../../../gateway/protection/breaker.ts';

const POLICY = {
  failureRate: 50,
  window: 10_000,
  minimum: 20,
  consecutive: 1_000,
  openFor: 5_000,
  maxOpenFor: 60_000,
  probes: 3,
};

function at(policy: Partial<typeof POLICY> = {}) {
  let now = 1_000;
  const changes: string[] = [];
  const breaker = openBreaker(
    { ...POLICY, ...policy },
    () => now,
    (state) => changes.push(state.state),
  );
  return { breaker, changes, pass: (milliseconds: number) => (now += milliseconds) };
}

function send(breaker: Breaker, outcomes: string): void {
  for (const outcome of outcomes) breaker.settle(breaker.admit(), outcome === 'x');
}

test('it opens when the share of failures is reached, and not before there are enough requests', () => {
  const { breaker, changes } = at();
  send(breaker, 'x'.repeat(10) + '.'.repeat(9));
  expect(breaker.state().state).toBe('closed');
  send(breaker, 'x');
  expect(breaker.state()).toMatchObject({ state: 'open', why: '11 of 20 requests failed' });
  expect(breaker.admit()).toBe(0);
  expect(changes).toEqual(['open']);
});

test('failures below the share leave it closed', () => {
  const { breaker } = at();
  send(breaker, 'x..'.repeat(200));
  expect(breaker.state().state).toBe('closed');
});

test('failures that are older than the window are forgotten', () => {
  const { breaker, pass } = at();
  send(breaker, 'x'.repeat(19));
  pass(10_000);
  send(breaker, 'x');
  expect(breaker.state().state).toBe('closed');
  pass(8_000);
  send(breaker, 'x'.repeat(19));
  expect(breaker.state()).toMatchObject({ state: 'open', why: '20 of 20 requests failed' });
});

test('a few failures in a row open it however few requests there are; a success between them does not let it', () => {
  const { breaker } = at({ consecutive: 5 });
  send(breaker, 'xxxx.xxxx');
  expect(breaker.state().state).toBe('closed');
  send(breaker, 'x');
  expect(breaker.state()).toMatchObject({ state: 'open', why: '5 requests in a row failed' });
});

test('after its time it lets a bounded number of probes through, and closes when all of them succeeded', () => {
  const { breaker, changes, pass } = at({ consecutive: 1 });
  send(breaker, 'x');
  pass(4_999);
  expect(breaker.admit()).toBe(0);
  pass(1);
  const probes = [breaker.admit(), breaker.admit(), breaker.admit()];
  expect(probes.every((permit) => permit > 0)).toBe(true);
  expect(breaker.admit()).toBe(0);
  breaker.settle(probes[0]!, false);
  breaker.settle(probes[1]!, false);
  expect(breaker.admit()).toBe(0);
  expect(breaker.state()).toMatchObject({ state: 'half-open', out: 1, passed: 2 });
  breaker.settle(probes[2]!, false);
  expect(changes).toEqual(['open', 'half-open', 'closed']);
  // It begins anew: what was counted before is forgotten.
  send(breaker, '.');
  expect(breaker.state().state).toBe('closed');
});

test('one probe that fails opens it again, twice as long each time, up to a limit', () => {
  const { breaker, pass } = at({ consecutive: 1 });
  send(breaker, 'x');
  for (const openFor of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    pass(openFor - 1);
    expect(breaker.admit()).toBe(0);
    pass(1);
    send(breaker, 'x');
    expect(breaker.state().state).toBe('open');
  }
  pass(60_000);
  send(breaker, '...x');
  pass(4_999);
  expect(breaker.admit()).toBe(0);
  pass(1);
  expect(breaker.admit()).toBeGreaterThan(0);
});

test('a request that began before it opened neither closes it, nor opens it again, nor takes a probe’s place', () => {
  const { breaker, pass } = at({ consecutive: 2 });
  const [early, late, later] = [breaker.admit(), breaker.admit(), breaker.admit()];
  send(breaker, 'xx');
  breaker.settle(early, false);
  expect(breaker.state().state).toBe('open');
  pass(5_000);
  const probe = breaker.admit();
  breaker.settle(late, true);
  breaker.settle(later, false);
  expect(breaker.state()).toMatchObject({ state: 'half-open', out: 1, passed: 0 });
  breaker.settle(probe, false);
  expect(breaker.state()).toMatchObject({ passed: 1 });
});

test('a probe that says nothing about the upstream gives its place back', () => {
  const { breaker, pass } = at({ consecutive: 1, probes: 1 });
  send(breaker, 'x');
  pass(5_000);
  breaker.settle(breaker.admit(), undefined);
  expect(breaker.state()).toMatchObject({ state: 'half-open', out: 0, passed: 0 });
  send(breaker, '.');
  expect(breaker.state().state).toBe('closed');
});

test('probes that never end do not keep it half-open for ever', () => {
  const { breaker, pass } = at({ consecutive: 1, probes: 1 });
  send(breaker, 'x');
  pass(5_000);
  const lost = breaker.admit();
  pass(59_999);
  expect(breaker.admit()).toBe(0);
  pass(1);
  send(breaker, '.');
  expect(breaker.state().state).toBe('closed');
  breaker.settle(lost, true);
  expect(breaker.state().state).toBe('closed');
});

test('news that the upstream is back are tried at once', () => {
  const { breaker } = at({ consecutive: 1, probes: 1 });
  breaker.tryNow();
  expect(breaker.state().state).toBe('closed');
  send(breaker, 'x');
  breaker.tryNow();
  send(breaker, '.');
  expect(breaker.state().state).toBe('closed');
});
