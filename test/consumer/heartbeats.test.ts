import { expect, test } from 'vitest';
import { keepHeartbeats } from '../../consumer/heartbeats.ts';
import { BUCKETS, type CloudEvent } from '../../outbox/event.ts';

const beat = (bucket: unknown, at: number, outbox = 'shop') =>
  ({ data: { outbox, bucket }, recordedtime: new Date(at).toISOString() }) as unknown as CloudEvent;

function watch(shards = ['a', 'b']) {
  const clock = { now: 1_000_000 };
  const since = new Map(shards.map((shard) => [shard, clock.now]));
  const heartbeats = keepHeartbeats(
    () => since,
    () => clock.now,
  );
  const all = (at: number, without?: number) => {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1)
      if (bucket !== without) heartbeats.beat(shards[bucket % shards.length]!, beat(bucket, at));
  };
  return { clock, since, heartbeats, all };
}

test('the oldest of the newest heartbeats counts, over all buckets', () => {
  const { heartbeats, all } = watch();
  all(5_000);
  all(9_000, 7);
  expect(heartbeats.read()).toEqual([{ outbox: 'shop', oldest: new Date(5_000).toISOString(), missing: [] }]);
  heartbeats.beat('b', beat(7, 9_500));
  heartbeats.beat('b', beat(7, 6_000));
  expect(heartbeats.read()[0]!.oldest).toBe(new Date(9_000).toISOString());
});

test('a shard that falls behind counts although its buckets come through others, until it has ended', () => {
  const { heartbeats, all, since } = watch();
  all(5_000);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) heartbeats.beat('a', beat(bucket, 9_000));
  expect(heartbeats.read()[0]!.oldest).toBe(new Date(5_000).toISOString());
  since.delete('b');
  expect(heartbeats.read()[0]!.oldest).toBe(new Date(9_000).toISOString());
});

test('a bucket or a shard without a heartbeat is missing after a minute, a new shard after a minute of its own', () => {
  const { heartbeats, all, clock, since } = watch();
  all(5_000, 7);
  expect(heartbeats.read()[0]!.missing).toEqual([]);
  clock.now += 60_001;
  since.set('new', clock.now);
  expect(heartbeats.read()[0]!.missing).toEqual(['bucket 7']);
  clock.now += 60_001;
  expect(heartbeats.read()[0]!.missing).toEqual(['bucket 7', 'new']);
});

test('outboxes are told apart, and what is no heartbeat is none', () => {
  const { heartbeats } = watch();
  heartbeats.beat('a', beat(1, 5_000));
  heartbeats.beat('a', beat(1, 9_000, 'inventory'));
  for (const bucket of [-1, 64, 1.5, 'x']) heartbeats.beat('a', beat(bucket, 1));
  heartbeats.beat('a', { data: null } as unknown as CloudEvent);
  expect(heartbeats.read().map(({ outbox, oldest }) => [outbox, Date.parse(oldest)])).toEqual([
    ['shop', 5_000],
    ['inventory', 9_000],
  ]);
});
