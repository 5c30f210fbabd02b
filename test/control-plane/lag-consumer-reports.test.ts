import { expect, test } from 'vitest';
import { keepConsumerReports } from '../../control-plane/lag/consumer-reports.ts';

const said = (lagMs: number | null, at: number) => ({
  ...{ lagMs, shards: 1, handledTotal: 1 },
  at: new Date(at).toISOString(),
});

test('a consumer that never reported, says unknown, or is silent for more than ten seconds is unknown; until then its lag grows', () => {
  let now = 50_000;
  const reports = keepConsumerReports(() => now);
  expect(reports.read('a')).toMatchObject({ consumerState: 'unknown', consumerLagMs: null, seenAgoMs: null });
  reports.take('a', said(120, now), now);
  now += 10_000;
  expect(reports.read('a')).toEqual({ consumerState: 'known', consumerLagMs: 10_120, seenAgoMs: 10_000 });
  now += 1;
  expect(reports.read('a')).toMatchObject({
    ...{ consumerState: 'unknown', consumerLagMs: null },
    problem: 'it has been silent for 10 s',
  });
  reports.take('a', said(null, now), now);
  expect(reports.read('a')).toMatchObject({ consumerState: 'unknown', seenAgoMs: 0 });
});

test('what a consumer holds grows older with the report, is unknown when it is silent, and absent when it told of none', () => {
  let now = 50_000;
  const reports = keepConsumerReports(() => now);
  reports.take('old', said(1, now), now);
  expect(reports.read('old')).not.toHaveProperty('held');
  const held = { waiting: 2, oldestWaitingMs: 500, parked: 0, oldestParkedMs: null };
  reports.take('a', { ...said(null, now), held }, now);
  now += 100;
  expect(reports.read('a').held).toEqual({ ...held, oldestWaitingMs: 600 });
  reports.take('b', { ...said(1, now), held: null }, now);
  expect(reports.read('b').held).toBeNull();
  now += 10_001;
  expect(reports.read('a').held).toBeNull();
  expect(reports.read('old')).not.toHaveProperty('held');
});

test('a consumer whose clock is behind the database lags by as much more; one ahead by not less', () => {
  const reports = keepConsumerReports(() => 0);
  reports.take('behind', said(100, 40_000), 47_000);
  reports.take('ahead', said(100, 47_000), 40_000);
  expect(reports.read('behind').consumerLagMs).toBe(7_100);
  expect(reports.read('ahead').consumerLagMs).toBe(100);
});

test('a consumer that tells of no heartbeats is known to have reported, and since when', () => {
  let now = 50_000;
  const reports = keepConsumerReports(() => now);
  expect(reports.heartbeats('a', 'shop')).toBeUndefined();
  reports.take('a', said(1, now), now);
  now += 70_000;
  reports.take('a', said(1, now), now);
  expect(reports.heartbeats('a', 'shop')).toEqual({ since: 50_000, reading: undefined });
  const beat = { outbox: 'Shop', oldest: new Date(now).toISOString(), missing: [] };
  reports.take('a', { ...said(1, now), heartbeats: [beat] }, now);
  expect(reports.heartbeats('a', 'shop')).toEqual({ since: 120_000, reading: beat });
  now += 5_000;
  reports.take('a', said(1, now), now);
  expect(reports.heartbeats('a', 'shop')).toEqual({ since: 120_000, reading: undefined });
});

test('what counts is the consumer of the stream that the events go to; one of another stream says nothing of them', () => {
  const reports = keepConsumerReports(() => 0);
  const beat = { outbox: 'shop', oldest: new Date(0).toISOString(), missing: [] };
  reports.take('a', { ...said(5, 0), stream: 'shop', heartbeats: [beat] }, 0);
  expect(reports.read('a', 'shop-orders')).toMatchObject({
    ...{ consumerState: 'unknown', consumerLagMs: null },
    problem: 'it reads stream shop, and the events go to shop-orders',
  });
  expect(reports.heartbeats('a', 'shop', 'shop-orders')).toBeUndefined();
  reports.take('a', { ...said(7, 0), stream: 'shop-orders' }, 0);
  expect(reports.read('a', 'shop-orders')).toMatchObject({ consumerLagMs: 7 });
  expect(reports.read('a', 'shop')).toMatchObject({ consumerLagMs: 5 });
  expect(reports.heartbeats('a', 'shop', 'shop')?.reading).toEqual(beat);
});
