import { hashOf, type ShardRange } from './shard-range.ts';
import { shardPace, type ShardPace } from './shard-pace.ts';

/** What the relay has in memory of one shard's keys, and how it goes with the shard. */
export interface ShardState {
  readonly shardId: string | undefined;
  readonly pace: ShardPace;
  rows: number;
  bytes: number;
  /** Records on their way. */
  inFlight: number;
}

export interface ShardStates {
  of(key: string): ShardState;
  readonly all: readonly ShardState[];
}

/**
 * The states of the shards that cover all hashes with these ranges. A shard that was among `before` keeps its pace;
 * what it has in memory is the caller's to count.
 */
export function shardStates(ranges: readonly ShardRange[], before?: ShardStates): ShardStates {
  const paces = new Map(before?.all.map(({ shardId, pace }) => [shardId, pace]));
  paces.delete(undefined);
  const sorted = ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1));
  const all = sorted.map(({ shardId }): ShardState => ({
    shardId,
    pace: paces.get(shardId) ?? shardPace(),
    rows: 0,
    bytes: 0,
    inFlight: 0,
  }));
  return {
    all,
    of(key) {
      const hash = hashOf(key);
      return all[
        Math.max(
          0,
          sorted.findLastIndex(({ from }) => from <= hash),
        )
      ]!;
    },
  };
}
