import { MergeShardsCommand, SplitShardCommand, type Shard } from '@aws-sdk/client-kinesis';
import { hashKey } from '../../../relay/shard-range.ts';
import { until } from '../../support/until.ts';
import type { DeedOf } from '../plan.ts';
import { shardsOf, type ChaosStream } from '../stream.ts';
import type { World } from '../world.ts';

const MOST_SHARDS = 8;

type Share = Pick<DeedOf<'split-shard' | 'merge-shards'>, 'share'>;

/** Splits one of the open shards in the middle, unless there are enough; `share` says which. */
export async function splitShard(world: World, { share }: Share): Promise<void> {
  const open = await openShards(world.stream);
  if (open.length >= MOST_SHARDS) return mergeShards(world, { share });
  const shard = open[Math.floor(share * open.length)]!;
  const [from, to] = [start(shard), BigInt(shard.HashKeyRange!.EndingHashKey!)];
  const middle = (from + to) / 2n;
  if (middle === from) return;
  await world.stream.client.send(
    new SplitShardCommand({
      StreamName: world.stream.name,
      ShardToSplit: shard.ShardId,
      NewStartingHashKey: String(middle),
    }),
  );
  await changed(world.stream, open);
}

/** Merges two open shards that lie side by side; with a single one it is split. */
export async function mergeShards(world: World, { share }: Share): Promise<void> {
  const open = await openShards(world.stream);
  if (open.length < 2) return splitShard(world, { share });
  const at = Math.floor(share * (open.length - 1));
  await world.stream.client.send(
    new MergeShardsCommand({
      StreamName: world.stream.name,
      ShardToMerge: open[at]!.ShardId,
      AdjacentShardToMerge: open[at + 1]!.ShardId,
    }),
  );
  await changed(world.stream, open);
}

const start = ({ HashKeyRange }: Shard) => BigInt(HashKeyRange!.StartingHashKey!);

/** In the order of their hashes. */
async function openShards(stream: ChaosStream): Promise<Shard[]> {
  const shards = await shardsOf(stream);
  return shards
    .filter(({ SequenceNumberRange }) => SequenceNumberRange?.EndingSequenceNumber === undefined)
    .toSorted((a, b) => (hashKey(String(start(a))) < hashKey(String(start(b))) ? -1 : 1));
}

async function changed(stream: ChaosStream, before: readonly Shard[]): Promise<void> {
  await until(
    'the stream has other shards',
    async () => (await openShards(stream)).length !== before.length,
    10_000,
  );
}
