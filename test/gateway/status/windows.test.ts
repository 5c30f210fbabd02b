import { Registry } from 'prom-client';
import { beforeEach, expect, test } from 'vitest';
import { quantileOf } from '../../../contexts/index.ts';
import { requestMetrics, type RequestMetrics } from '../../../gateway/request-metrics.ts';
import { openWindows, type Windows } from '../../../gateway/status/windows.ts';

const READ = { context: 'orders', kind: 'read' } as const;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let metrics: RequestMetrics;
let windows: Windows;
let now: number;

beforeEach(() => {
  now = 1_000;
  metrics = requestMetrics(new Registry());
  windows = openWindows(metrics.series, () => now);
});

/** Time goes on, with a look every ten seconds, and with so many requests before each. */
function pass(milliseconds: number, each: () => void = () => {}): void {
  for (const end = now + milliseconds; now < end;) {
    each();
    now += 10_000;
    windows.tick();
  }
}
const request = (status: number | undefined, seconds = 0.02) => metrics.count('shop', READ, status, seconds);

test('what came in the last five minutes is told, up to this very moment, and what came before is not', () => {
  pass(10 * MINUTE, () => request(500));
  expect(windows.now(metrics.series())).toMatchObject({ requests: 30, failed: 30 });
  pass(5 * MINUTE, () => request(200));
  request(204);
  request(undefined);
  const told = { requests: 31, failed: 0, aborted: 1 };
  expect(windows.now(metrics.series())).toMatchObject({ ...told, forMs: 5 * MINUTE });
  // Between two looks the window is a little longer.
  now += 9_000;
  expect(windows.now(metrics.series())).toMatchObject({ ...told, forMs: 5 * MINUTE + 9_000 });
  pass(6 * MINUTE);
  expect(windows.now(metrics.series())).toMatchObject({ requests: 0, failed: 0, aborted: 0 });
});

test('a window is no longer than the gateway has run', () => {
  request(200);
  now += 2_500;
  expect(windows.now(metrics.series())).toMatchObject({ requests: 1, forMs: 2_500 });
  expect(windows.long(metrics.series())).toMatchObject({ requests: 1, forMs: 2_500 });
  expect(windows.before(metrics.series())).toMatchObject({ requests: 0, forMs: 0 });
});

test('the hour before ends where the last five minutes begin', () => {
  pass(2 * HOUR, () => request(503));
  pass(5 * MINUTE, () => request(200));
  const before = windows.before(metrics.series());
  expect(before.failed).toBe(before.requests);
  expect(before.forMs).toBeGreaterThanOrEqual(HOUR);
  expect(before.forMs).toBeLessThanOrEqual(2 * HOUR + MINUTE);
  expect(before.requests).toBe(Math.round(before.forMs / 10_000));
});

test('a day is kept, an older one forgotten', () => {
  pass(30 * HOUR, () => request(200));
  const { forMs, requests } = windows.long(metrics.series());
  expect(forMs).toBeGreaterThanOrEqual(24 * HOUR);
  expect(forMs).toBeLessThanOrEqual(25 * HOUR);
  expect(requests).toBe(Math.round(forMs / 10_000));
});

test('nothing from before a base is counted, in no window', () => {
  pass(2 * MINUTE, () => request(500));
  const base = windows.base();
  pass(MINUTE, () => request(200));
  for (const window of [windows.now, windows.long])
    expect(window(metrics.series(), base)).toMatchObject({ requests: 6, failed: 0, forMs: MINUTE });
});

test('a series that begins late was nothing before', () => {
  pass(2 * HOUR);
  metrics.count('late', READ, 200, 0.02);
  const late = [...metrics.series()].filter(({ labels }) => labels.upstream === 'late');
  pass(MINUTE);
  expect(windows.now(late).requests).toBe(1);
  pass(10 * MINUTE);
  expect(windows.now(late).requests).toBe(0);
  expect(windows.before(late)).toMatchObject({ requests: 1 });
});

test('what an upstream answered in another’s place is taken out of its own', () => {
  for (let time = 0; time < 3; time += 1) metrics.count('shop', READ, 200, 0.02);
  metrics.count('shop', READ, 200, 29, true);
  const own = windows.now(metrics.series());
  expect(own.requests).toBe(3);
  expect(quantileOf(own.buckets, 0.99)!.upper).toBe(Infinity);
  expect(quantileOf(own.buckets, 0.99)!.value).toBeLessThan(0.03);
});
