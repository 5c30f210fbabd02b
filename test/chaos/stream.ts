import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  type KinesisClient,
  type Shard,
} from '@aws-sdk/client-kinesis';
import { openRecord } from '../../consumer/open-record.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import type { Taken } from '../support/kinesis-proxy.ts';
import { freshStream } from '../support/stream.ts';
import type { Delivered } from './history.ts';

export interface ChaosStream {
  readonly name: string;
  readonly client: KinesisClient;
}

/** Who sent what when, by sequence number. */
export type Senders = Map<string, Pick<Taken, 'sender' | 'at'>>;

export async function createStream(client: KinesisClient, shards: number): Promise<ChaosStream> {
  return { name: await freshStream(shards, client), client };
}

export async function shardsOf({ name, client }: ChaosStream): Promise<Shard[]> {
  const shards: Shard[] = [];
  for (let next: string | undefined = ''; next !== undefined;) {
    const page: { Shards?: Shard[] | undefined; NextToken?: string | undefined } = await client.send(
      new ListShardsCommand(next === '' ? { StreamName: name } : { NextToken: next }),
    );
    shards.push(...(page.Shards ?? []));
    next = page.NextToken;
  }
  return shards;
}

/**
 * Everything that stands in the stream, each key's records in order: a shard is read to its end before those that it
 * was split or merged into. Heartbeats and other events of Banyan's own are left out.
 */
export async function* readHistory(stream: ChaosStream, senders: Senders): AsyncGenerator<Delivered> {
  for (const { ShardId } of parentsFirst(await shardsOf(stream))) {
    const position = { StreamName: stream.name, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    let { ShardIterator } = await stream.client.send(new GetShardIteratorCommand(position));
    while (ShardIterator) {
      const page = await stream.client.send(new GetRecordsCommand({ ShardIterator, Limit: 2_000 }));
      for (const { PartitionKey, Data, SequenceNumber } of page.Records ?? []) {
        const events = eventsIn(Data!);
        const known = senders.get(SequenceNumber!);
        if (events.length > 0)
          yield { key: PartitionKey!, events, sender: known?.sender, at: known?.at ?? Date.now() };
      }
      if (page.Records?.length === 0) break;
      ShardIterator = page.NextShardIterator;
    }
  }
}

function eventsIn(data: Uint8Array): Delivered['events'] {
  return openRecord(data).flatMap((parsed) => {
    if (parsed.kind !== 'event') throw new Error(`a record that holds no event: ${JSON.stringify(parsed)}`);
    const { id, type, data: payload, partitionkey: key } = parsed.event as CloudEvent<{ n: number }>;
    return type.startsWith('banyan.') ? [] : [{ key, n: payload.n, id }];
  });
}

function parentsFirst(shards: readonly Shard[]): Shard[] {
  const byId = new Map(shards.map((shard) => [shard.ShardId, shard]));
  const sorted = new Set<Shard>();
  const visit = (shard: Shard | undefined): void => {
    if (!shard || sorted.has(shard)) return;
    visit(byId.get(shard.ParentShardId));
    visit(byId.get(shard.AdjacentParentShardId));
    sorted.add(shard);
  };
  shards.forEach(visit);
  return [...sorted];
}
