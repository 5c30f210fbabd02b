import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ListShardsCommand,
  MergeShardsCommand,
  SplitShardCommand,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import { expect, onTestFinished, test } from 'vitest';
import type { CloudEvent } from '../../outbox/event.ts';
import { kinesisClient, readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { judge, openJournal } from './journal.ts';
import { drained, scene } from './support.ts';
import { writeOutOfOrder } from './writers.ts';

const EVENTS = 3_000;
/** The stream has two shards, 0 and 1, that halve the hashes; children get the next numbers. */
const shard = (n: number) => `shardId-${String(n).padStart(12, '0')}`;

/** Splits shard 0 into 2 and 3, and merges these into 4. Resolves when the stream has the shards that it says. */
function reshaping(client: KinesisClient, StreamName: string) {
  const has = (count: number) =>
    until(`the stream has had ${count} shards`, async () => {
      const { Shards } = await client.send(new ListShardsCommand({ StreamName }));
      return Shards?.length === count;
    });
  return {
    async split() {
      const [ShardToSplit, NewStartingHashKey] = [shard(0), (2n ** 126n).toString()];
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey }));
      await has(4);
    },
    async merge() {
      const [ShardToMerge, AdjacentShardToMerge] = [shard(2), shard(3)];
      await client.send(new MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }));
      await has(5);
    },
  };
}

test('while the stream is split and merged in mid-flight nothing is lost and no key is reordered', async () => {
  const it = await scene();
  const folder = mkdtempSync(join(tmpdir(), 'banyan-journal-'));
  const journal = openJournal(join(folder, 'committed'));
  const client = kinesisClient();
  onTestFinished(() => {
    client.destroy();
    journal.close();
    rmSync(folder, { recursive: true });
  });
  it.proxy.fault(({ operation }) =>
    operation === 'PutRecords' ? { kind: 'fail-records', which: () => Math.random() < 0.05 } : undefined,
  );
  for (const name of ['one', 'two']) await it.relay({ name });
  const writing = writeOutOfOrder(it.database, journal, {
    events: EVENTS,
    keys: 100,
    writers: 12,
    random: Math.random,
  });
  const settled = (count: number) =>
    until(`${count} events are settled`, async () => (await it.states()).settled >= count);
  const { split, merge } = reshaping(client, it.stream);
  await settled(EVENTS / 4);
  await split();
  await settled(EVENTS / 2);
  await merge();
  await writing;
  await drained(it);

  // Shards come in the order of their numbers: parents before their children.
  const records = await readStream(it.stream, client);
  const { lost, reordered, phantoms, ...verdict } = judge(
    journal.read(),
    records.map(({ PartitionKey, Data }) => {
      const { id, data } = JSON.parse(Buffer.from(Data!).toString()) as CloudEvent<{ n: number }>;
      return { key: PartitionKey!, n: data.n, id };
    }),
  );
  expect({ lost, reordered, phantoms }).toEqual({ lost: [], reordered: [], phantoms: [] });
  expect(verdict.committed).toBe(EVENTS);
  const [rows] = await it.database.query(
    'SELECT DISTINCT shard_id AS id FROM banyan_outbox_receipt ORDER BY id',
  );
  expect((rows as { id: string }[]).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4].map(shard));
});
