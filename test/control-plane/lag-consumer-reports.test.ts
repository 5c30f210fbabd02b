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

test('a consumer whose clock is behind the database lags by as much more; one ahead by not less', () => {
  const reports = keepConsumerReports(() => 0);
  reports.take('behind', said(100, 40_000), 47_000);
  reports.take('ahead', said(100, 47_000), 40_000);
  expect(reports.read('behind').consumerLagMs).toBe(7_100);
  expect(reports.read('ahead').consumerLagMs).toBe(100);
});
