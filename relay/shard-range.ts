import { getFips, hash } from 'node:crypto';

/**
 * The keys of one shard: those whose MD5, read as a number of 128 bits, lies in a range. Here as 32 hexadecimal
 * digits, which compare as the numbers do.
 * https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html#partition-key
 */
export interface ShardRange {
  /** Undefined when the shard isn't known by name, only guessed. */
  readonly shardId: string | undefined;
  /** The first hash of the shard. */
  readonly from: string;
}

// In FIPS mode there is no MD5. Which shard a key has is guessed then, which costs fairness among shards, not order.
const DIGEST = getFips() === 1 ? 'sha256' : 'md5';

export function hashOf(key: string): string {
  return hash(DIGEST, key).slice(0, 32);
}

/** The decimal number that Kinesis writes as a hash key, as 32 hexadecimal digits. */
export function hashKey(decimal: string): string {
  return BigInt(decimal).toString(16).padStart(32, '0');
}

/** As many equal ranges as `count` says, at most 256: for a stream whose shards aren't known. */
export function equalRanges(count: number): ShardRange[] {
  const width = (1n << 128n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    shardId: undefined,
    from: hashKey(String(width * BigInt(index))),
  }));
}
