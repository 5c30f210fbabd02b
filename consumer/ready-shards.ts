import type { Shard } from './shard-reader.ts';

/**
 * The shards that may be read now: not begun, and each parent read to its end. A parent that Kinesis no longer lists
 * has nothing left to read. So the events of a key stay in order through splits and merges.
 */
export function readyShards(
  shards: readonly Shard[],
  begun: ReadonlySet<string>,
  ended: ReadonlySet<string>,
): Shard[] {
  const listed = new Set(shards.map((shard) => shard.id));
  return shards.filter(
    (shard) =>
      !begun.has(shard.id) && shard.parents.every((parent) => ended.has(parent) || !listed.has(parent)),
  );
}
