import { ListShardsCommand, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../support/database.ts';
import { freshStream, kinesisClient } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, upTo } from './counting.ts';
import { counted, put } from './events.ts';

const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);
const round = (n: number) => KEYS.map((key) => counted(key, n));

async function split(StreamName: string): Promise<void> {
  const client = kinesisClient();
  await client.send(
    new SplitShardCommand({
      StreamName,
      ShardToSplit: 'shardId-000000000000',
      NewStartingHashKey: (2n ** 127n).toString(),
    }),
  );
  await until(
    'split',
    async () => (await client.send(new ListShardsCommand({ StreamName }))).Shards?.length === 3,
  );
}

async function merge(StreamName: string): Promise<void> {
  const client = kinesisClient();
  await client.send(
    new MergeShardsCommand({
      StreamName,
      ShardToMerge: 'shardId-000000000001',
      AdjacentShardToMerge: 'shardId-000000000002',
    }),
  );
  await until(
    'merged',
    async () => (await client.send(new ListShardsCommand({ StreamName }))).Shards?.length === 4,
  );
}

async function service() {
  const database = await countingDatabase(await freshDatabase('inbox'));
  onTestFinished(() => database.end());
  const name = await freshStream(1);
  return { database, name, stream: { name, endpoint: inject('kinesis') } };
}

test('reads parents to their end before their children, when it starts after a split and a merge', async () => {
  const { database, name, stream } = await service();
  await put(name, round(1));
  await split(name);
  await put(name, round(2));
  await merge(name);
  await put(name, round(3));
  const consumer = countingConsumer(database, stream);
  onTestFinished(() => consumer.stop());
  await consumer.start();
  await until('36 handled', () => consumer.totals().handled === 36);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(3));
});

test('finds the shards of a split and a merge while it runs, and keeps each key in order', async () => {
  const { database, name, stream } = await service();
  // A look for new shards only at the end of one: what the test waits for comes from nothing else.
  const consumer = countingConsumer(database, stream, { refresh: 600_000 });
  onTestFinished(() => consumer.stop());
  await put(name, round(1));
  await consumer.start();
  await until('12 handled', () => consumer.totals().handled === 12);
  await split(name);
  await put(name, round(2));
  await until('24 handled', () => consumer.totals().handled === 24);
  await merge(name);
  await put(name, round(3));
  await until('36 handled', () => consumer.totals().handled === 36);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(3));
  await until('the lag is known', () => consumer.lag().lagMs !== null);
});

test('a child waits while a handler of its parent fails', async () => {
  const { database, name, stream } = await service();
  await put(name, [counted('k0', 1)]);
  await split(name);
  await put(name, round(2));
  let healthy = false;
  const seen: number[] = [];
  const consumer = countingConsumer(database, stream, {
    handlers: {
      async Counted(event) {
        const { n } = event.data as { n: number };
        if (n === 1 && !healthy) throw new Error('not yet');
        seen.push(n);
      },
    },
  });
  onTestFinished(() => consumer.stop());
  await consumer.start();
  await until('it has tried', () => consumer.totals().retries >= 3);
  expect(seen).toEqual([]);
  healthy = true;
  await until('all handled', () => consumer.totals().handled === 13);
  expect(seen[0]).toBe(1);
});

test('goes on after a restart in the middle of a resharding', async () => {
  const { database, name, stream } = await service();
  await put(name, round(1));
  const first = countingConsumer(database, stream);
  await first.start();
  await until('12 handled', () => first.totals().handled === 12);
  await first.stop();
  await split(name);
  await put(name, round(2));
  const second = countingConsumer(database, stream);
  onTestFinished(() => second.stop());
  await second.start();
  await until('24 handled', () => second.totals().handled === 12);
  expect(second.totals().duplicate).toBe(0);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(2));
});
