import { crc32 } from 'node:zlib';
import { BUCKETS } from '../outbox/event.ts';
import { hashOf, type ShardRange } from './shard-range.ts';

/** A key that heartbeats have: `banyan:<aggregateId>`. */
export interface HeartbeatKey {
  readonly aggregateId: string;
  readonly key: string;
  readonly bucket: number;
}

/** With equal shards each is met long before; unequal ones that are smaller than this share of the hashes are left out. */
const MOST_TRIES = 200_000;

/**
 * The keys that heartbeats need so that each bucket and each shard has one; the same on every relay that knows the same
 * shards, so that each sends those of its own buckets. Found by trying: at most a key per bucket and one per shard. Streams
 * have keys of their own, by `name`: between two streams the events of a key are in no order.
 */
export function heartbeatKeys(ranges: readonly ShardRange[], name: string): HeartbeatKey[] {
  const froms = ranges.map(({ from }) => from).toSorted();
  const buckets = new Set<number>();
  const shards = new Set<number>();
  const keys: HeartbeatKey[] = [];
  for (let n = 0; n < MOST_TRIES && (buckets.size < BUCKETS || shards.size < froms.length); n += 1) {
    const aggregateId = `${name}-${n}`;
    const key = `banyan:${aggregateId}`;
    const bucket = crc32(key) % BUCKETS;
    const hash = hashOf(key);
    const shard = Math.max(
      0,
      froms.findLastIndex((from) => from <= hash),
    );
    if (buckets.has(bucket) && (froms.length === 0 || shards.has(shard))) continue;
    buckets.add(bucket);
    if (froms.length > 0) shards.add(shard);
    keys.push({ aggregateId, key, bucket });
  }
  return keys;
}
