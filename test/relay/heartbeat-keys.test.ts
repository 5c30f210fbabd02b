import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { BUCKETS } from '../../outbox/event.ts';
import { heartbeatKeys } from '../../relay/heartbeat-keys.ts';
import { equalRanges, hashOf } from '../../relay/shard-range.ts';

test.each([1, 4, 64, 256])('of %i shards every one has a key, and every bucket', (shards) => {
  const ranges = equalRanges(shards);
  const keys = heartbeatKeys(ranges, 'heartbeat');
  const shardOf = (key: string) => ranges.findLastIndex(({ from }) => from <= hashOf(key));
  expect(new Set(keys.map(({ key }) => shardOf(key))).size).toBe(shards);
  expect(new Set(keys.map(({ bucket }) => bucket)).size).toBe(BUCKETS);
  expect(keys.every(({ key, bucket }) => crc32(key) % BUCKETS === bucket)).toBe(true);
  expect(keys.length).toBeLessThanOrEqual(BUCKETS + shards);
  expect(heartbeatKeys(ranges.toReversed(), 'heartbeat')).toEqual(keys);
});

test('without any known shard the buckets are covered', () => {
  expect(heartbeatKeys([], 'heartbeat')).toHaveLength(BUCKETS);
});
