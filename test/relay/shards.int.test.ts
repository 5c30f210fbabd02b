import { SplitShardCommand } from '@aws-sdk/client-kinesis';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { kinesisPublisher } from '../../relay/kinesis-publisher.ts';
import { hashOf } from '../../relay/shard-range.ts';
import { watchShards } from '../../relay/watch-shards.ts';
import { createWindow } from '../../relay/window.ts';
import { startKinesisProxy, type KinesisProxy } from '../support/kinesis-proxy.ts';
import { freshStream, kinesisClient } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { drained, numbers, scene, type Scene } from './support.ts';

/** The first hash of the second of two shards. */
const HALF = `8${'0'.repeat(31)}`;
const isLow = (key: string) => hashOf(key) < HALF;

/** So many aggregates whose keys belong to the lower, or the upper, of two shards. */
function ids(low: boolean, count: number): string[] {
  return numbers(4 * count + 100)
    .map((n) => `k${n}`)
    .filter((id) => isLow(`thing:${id}`) === low)
    .slice(0, count);
}
/** One pending event of each aggregate, in this order. */
async function fill({ database }: Scene, ...aggregates: string[]): Promise<void> {
  await database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ?`,
    [aggregates.map((id) => [id, '/monolith', 'T', 'thing', id, '{"n":1}'])],
  );
}
const settledOf = async ({ database }: Scene, aggregates: readonly string[]) => {
  const [[{ count }]] = (await database.query(
    `SELECT COUNT(*) AS count FROM banyan_outbox WHERE state = 'settled' AND aggregate_id IN (?)`,
    [aggregates],
  )) as unknown as [[{ count: number }]];
  return count;
};
const attempts = ({ puts }: KinesisProxy) => puts.reduce((sum, { records }) => sum + records.length, 0);

test('a shard that takes nothing holds up no other, however much waits for it, and is tried now and then', async () => {
  const it = await scene();
  const [dead, healthy] = [ids(true, 9_000), ids(false, 200)];
  await fill(it, ...dead, ...healthy);
  it.proxy.fault(() => ({ kind: 'fail-records', which: ({ key }) => isLow(key), code: 'InternalFailure' }));
  await it.relay();
  await until('the healthy shard is through', async () => (await settledOf(it, healthy)) === 200);
  expect(attempts(it.proxy)).toBeLessThan(4_000);
  const before = attempts(it.proxy);
  const later = ids(false, 300).slice(200);
  await fill(it, ...later);
  await until('what comes later is, too', async () => (await settledOf(it, later)) === 100);
  expect(attempts(it.proxy) - before).toBeLessThan(200);
  it.proxy.fault(() => undefined);
  await drained(it);
  expect(Object.keys(await it.published())).toHaveLength(9_300);
});

test('a shard at its limit is sent little more than it takes, and an idle one stays quick', async () => {
  const it = await scene();
  const proxy = await startKinesisProxy(inject('kinesis'), { shardLimits: true });
  onTestFinished(() => proxy.stop());
  const [busy, idle] = [ids(true, 6_000), ids(false, 100)];
  await fill(it, ...busy, ...idle);
  await it.relay({ stream: { name: it.stream, region: 'us-east-1', endpoint: proxy.url } });
  await until('the idle shard is through', async () => (await settledOf(it, idle)) === 100);
  expect((await it.states()).pending).toBeGreaterThan(2_000);
  await drained(it);
  expect(attempts(proxy)).toBeLessThan(1.4 * 6_100);
});

test('with more keys waiting than fit into memory, a record that the stream refuses as invalid is still parked', async () => {
  const it = await scene();
  await it.append(['poison', 1], ['poison', 2]);
  await fill(it, ...ids(true, 4_500), ...ids(false, 4_500));
  it.proxy.fault(({ records }) =>
    records.some(({ key }) => key === 'thing:poison')
      ? { kind: 'error', type: 'ValidationException' }
      : undefined,
  );
  await it.relay();
  await until('it is parked', async () => (await it.states()).parked === 1);
  const refused = it.proxy.puts.filter(({ fault }) => fault);
  expect(refused.length).toBeLessThan(10);
  await until('the others are through', async () => (await it.states()).pending === 1);
});

test('after a split the relay learns the new shards from the answers', async () => {
  const it = await scene();
  const stream = await freshStream(1);
  let looks = 0;
  it.proxy.fault(({ operation }) => void (looks += operation === 'ListShards' ? 1 : 0));
  const client = kinesisClient();
  const publisher = kinesisPublisher(
    { name: stream, region: 'us-east-1', endpoint: it.proxy.url },
    { requestTimeout: 1_000, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
  );
  onTestFinished(() => [client, publisher].forEach((one) => ('close' in one ? one.close() : one.destroy())));
  const window = createWindow();
  const shards = watchShards({ publisher, window, log: pino({ level: 'silent' }) }, 0);
  const data = Buffer.from('{}');
  window.add(
    [...ids(true, 1), ...ids(false, 1)].map((id) => ({
      row: { id: 1, type: 'T', key: `thing:${id}`, bucket: 1 },
      kind: 'record',
      data,
      bytes: 100,
    })),
    new Map(),
  );
  const names = () => [...window.ready(0)].map(({ shard }) => shard.shardId);
  const send = async () => {
    const request = [...window.ready(0)];
    shards.answered(request, await publisher.publish(request.map(({ key }) => ({ key, data }))));
  };
  await shards.look();
  const [parent] = names() as [string];
  expect(names()).toEqual([parent, parent]);
  await send();
  expect(looks).toBe(1);
  await client.send(
    new SplitShardCommand({
      StreamName: stream,
      ShardToSplit: parent,
      NewStartingHashKey: String(1n << 127n),
    }),
  );
  await until('both keys have a new shard', async () => {
    await send();
    return !names().includes(parent) && new Set(names()).size === 2;
  });
});

test('a relay that may not list the shards says so once and goes on with guesses', async () => {
  const it = await scene();
  const healthy = ids(false, 100);
  await fill(it, ...ids(true, 9_000), ...healthy);
  it.proxy.fault(({ operation }) =>
    operation === 'ListShards'
      ? { kind: 'error', type: 'AccessDeniedException' }
      : { kind: 'fail-records', which: ({ key }) => isLow(key) },
  );
  await it.relay();
  await until('the healthy shard is through', async () => (await settledOf(it, healthy)) === 100);
  expect(it.logged.filter((line) => line.includes('ListShards'))).toHaveLength(1);
});
