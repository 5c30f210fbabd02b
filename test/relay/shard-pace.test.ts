import { expect, test } from 'vitest';
import { shardPace } from '../../relay/shard-pace.ts';

test('a shard that fails everything is tried with one record at a time, at ever longer intervals up to 5 s', () => {
  const pace = shardPace(() => 1);
  let now = 0;
  const pauses = Array.from({ length: 9 }, () => {
    pace.answered({ acknowledged: 0, failed: 10, sentAt: now }, now);
    expect(pace.allowed(now)).toBe(0);
    const pause = pace.pausedUntil - now;
    now = pace.pausedUntil;
    expect(pace.allowed(now)).toBe(1);
    return pause;
  });
  expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('a shard that takes a part gets half as much after a short pause, and more with each answer without failures', () => {
  const pace = shardPace(() => 1);
  pace.answered({ acknowledged: 900, failed: 100, sentAt: 0 }, 1);
  expect([pace.pausedUntil, pace.allowed(51)]).toEqual([51, 1_000]);
  pace.answered({ acknowledged: 900, failed: 100, sentAt: 51 }, 60);
  expect([pace.pausedUntil, pace.allowed(110)]).toEqual([110, 500]);
  pace.answered({ acknowledged: 500, failed: 0, sentAt: 110 }, 120);
  expect(pace.allowed(120)).toBe(750);
});

test('requests that were under way together slow a shard down once', () => {
  const pace = shardPace(() => 1);
  for (const now of [10, 11, 12]) pace.answered({ acknowledged: 100, failed: 400, sentAt: 5 }, now);
  expect([pace.pausedUntil, pace.allowed(60)]).toEqual([60, 1_000]);
});

/** A shard as Kinesis limits it: so many records a second, one second's worth at most at once. */
function shard(perSecond: number) {
  let [tokens, at] = [perSecond, 0];
  return (records: number, now: number) => {
    tokens = Math.min(perSecond, tokens + ((now - at) / 1_000) * perSecond);
    at = now;
    const acknowledged = Math.min(records, Math.floor(tokens));
    tokens -= acknowledged;
    return { acknowledged, failed: records - acknowledged };
  };
}

test.each([5, 20, 100])(
  'a shard at its limit is used to 80 % at least, with three attempts at two events at most; answers after %i ms',
  (answersAfter) => {
    let seed = 1;
    const pace = shardPace(() => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    const take = shard(1_000);
    let [now, left, attempts] = [0, 20_000, 0];
    while (left > 0) {
      const sentAt = Math.max(now, pace.pausedUntil);
      const sent = Math.min(left, pace.allowed(sentAt), 500);
      now = sentAt + answersAfter;
      const answer = take(sent, now);
      attempts += sent;
      left -= answer.acknowledged;
      pace.answered({ ...answer, sentAt }, now);
    }
    expect(now).toBeLessThan(20_000 / 0.8);
    expect(attempts).toBeLessThan(20_000 * 1.5);
  },
);
