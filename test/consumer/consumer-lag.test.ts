import { describe, expect, test } from 'vitest';
import { consumerLag, type ShardProgress } from '../../consumer/consumer-lag.ts';
import { openProgress } from '../../consumer/progress.ts';

const limits = { now: 100_000, staleAfter: 10_000, clockBehind: 0 };
const lag = (shards: Record<string, ShardProgress>, more = {}) =>
  consumerLag(new Map(Object.entries(shards)), { ...limits, ...more });

describe('the lag of a consumer', () => {
  test('is the greatest of its shards', () => {
    expect(
      lag({
        a: { readAt: 99_900, behindMs: 0 },
        b: { readAt: 99_900, behindMs: 0, oldest: 97_000 },
        c: { readAt: 99_900, behindMs: 500 },
      }),
    ).toEqual({ lagMs: 3_000 });
  });

  test('counts what may have come since the last read, and what the last page left unread', () => {
    expect(lag({ a: { readAt: 99_750, behindMs: 0 } })).toEqual({ lagMs: 250 });
    expect(lag({ a: { readAt: 99_750, behindMs: 8_000 } })).toEqual({ lagMs: 8_250 });
  });

  test('counts what a page left unread as old as the oldest event of that page', () => {
    expect(lag({ a: { readAt: 99_900, behindMs: 50, unread: 40_000 } })).toEqual({ lagMs: 60_000 });
    expect(lag({ a: { readAt: 99_900, behindMs: 50, oldest: 70_000, unread: 40_000 } })).toEqual({
      lagMs: 60_000,
    });
  });

  test('is unknown without shards, before a shard is read, and when one could not be read for long', () => {
    expect(lag({}).lagMs).toBeNull();
    expect(lag({ a: { readAt: 99_900, behindMs: 0 }, b: { behindMs: 0 } }).lagMs).toBeNull();
    expect(lag({ a: { readAt: 89_999, behindMs: 0 } })).toEqual({
      lagMs: null,
      reason: 'a could not be read for 10001 ms',
    });
    expect(lag({ a: { readAt: 89_999, behindMs: 0, unread: 50_000 } }).lagMs).toBeNull();
  });

  test('is known and grows while a shard is stuck at an event', () => {
    expect(lag({ a: { readAt: 50_000, behindMs: 0, oldest: 49_000 } })).toEqual({ lagMs: 51_000 });
  });

  test('is corrected for a clock that is a little behind, and unknown for one that is far behind', () => {
    const shards = { a: { readAt: 99_990, behindMs: 0, oldest: 99_800 } };
    expect(lag(shards, { clockBehind: 400 })).toEqual({ lagMs: 600 });
    expect(lag(shards, { clockBehind: 1_001 }).lagMs).toBeNull();
  });
});

const empty = { behindMs: 0, full: false, oldest: undefined, newest: undefined };

describe('progress', () => {
  test('is unknown until the shards are listed, and again after a shard has ended', () => {
    const progress = openProgress(10_000, () => 1_000);
    progress.begin('a');
    progress.read('a', { ...empty, startedAt: 1_000 });
    expect(progress.lag().lagMs).toBeNull();
    progress.unlisted(false);
    expect(progress.lag().lagMs).toBe(0);
    progress.end('a');
    progress.unlisted(true);
    expect(progress.lag().lagMs).toBeNull();
  });

  test.each([
    { behindMs: 300, full: false },
    { behindMs: 0, full: true },
  ])(
    'never dips below the truth between a page and the next while $behindMs ms behind, full: $full',
    (more) => {
      const progress = openProgress(10_000, () => 100_000);
      progress.unlisted(false);
      progress.begin('a');
      progress.read('a', { ...more, startedAt: 100_000, oldest: 40_000, newest: 99_000 });
      progress.inHand('a', 99_000);
      expect(progress.lag().lagMs).toBe(60_000);
      progress.inHand('a', undefined);
      expect(progress.lag().lagMs).toBe(60_000);
      // Kinesis returns empty pages on the way to the tip.
      progress.read('a', { ...empty, behindMs: 200, startedAt: 100_000 });
      expect(progress.lag().lagMs).toBe(60_000);
      progress.read('a', { ...empty, startedAt: 100_000, oldest: 90_000, newest: 90_000 });
      expect(progress.lag().lagMs).toBe(10_000);
      progress.inHand('a', undefined);
      expect(progress.lag().lagMs).toBe(0);
    },
  );

  test('remembers for a minute that this clock was behind', () => {
    let now = 100_000;
    const progress = openProgress(1_000_000, () => now);
    progress.unlisted(false);
    progress.begin('a');
    progress.read('a', { ...empty, startedAt: now, newest: now + 5_000 });
    expect(progress.lag().lagMs).toBeNull();
    now += 60_001;
    progress.read('a', { ...empty, startedAt: now, newest: now - 10 });
    expect(progress.lag().lagMs).toBe(0);
  });
});
