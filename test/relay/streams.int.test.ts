import { expect, inject, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { openAggregate } from '../../outbox/aggregated-record.ts';
import { boundMap } from '../../outbox/bind-stream.ts';
import { startKinesisProxy } from '../support/kinesis-proxy.ts';
import { freshStream, readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { drained, IMPATIENT, numbers, scene, type Scene } from './support.ts';

/** A scene with a second stream, behind a fault proxy of its own. */
async function twoStreams() {
  const it = await scene();
  const proxy = await startKinesisProxy(inject('kinesis'));
  onTestFinished(() => proxy.stop());
  const second = { name: await freshStream(2), region: 'us-east-1', endpoint: proxy.url };
  return { it, proxy, second };
}
const appendOf = ({ database }: Scene, type: string, id: string, ...ns: number[]) =>
  append(
    (sql, values) => database.query(sql, values),
    ns.map((n) => ({ type: 'Happened', aggregate: { type, id }, data: { n } })),
  );
/** What stands in a stream, per key in order. */
async function keysIn(stream: string): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {};
  for (const { PartitionKey, Data } of await readStream(stream))
    for (const text of openAggregate(Data!) ?? [Buffer.from(Data!)])
      (found[PartitionKey!] ??= []).push((JSON.parse(text.toString()) as { data: { n: number } }).data.n);
  return found;
}
/** A replay of an event into a stream, as the job that replays writes it. */
const replay = (
  { database }: Scene,
  stream: string,
  type: string,
  id: string,
  n: number,
  data = `{"n":${n}}`,
) =>
  database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, stream, replay)
     VALUES (UUID(), '/monolith', 'Happened', ?, ?, ?, ?, 'r1')`,
    [type, id, data, stream],
  );

test('each aggregate type goes to its stream, in order; a stream that is away starves no other, and is counted apart', async () => {
  const { it, proxy, second } = await twoStreams();
  await proxy.away();
  const relay = await it.relay({
    streams: [second],
    aggregates: { order: second.name },
    ops: '127.0.0.1:0',
  });
  for (const n of numbers(20)) {
    await appendOf(it, 'order', `${n % 3}`, n);
    await appendOf(it, 'order-line', `${n % 3}`, n);
  }
  await until('the other stream is through', async () => (await it.states()).settled === 20);
  expect((await it.states()).pending).toBe(20);
  expect(await (await fetch(`${relay.opsUrl}/readyz`)).text()).toContain(second.name);
  await proxy.back();
  await drained(it);
  const per = (id: number) => numbers(20).filter((n) => n % 3 === id);
  expect(await keysIn(second.name)).toEqual({ 'order:0': per(0), 'order:1': per(1), 'order:2': per(2) });
  expect(await keysIn(it.stream)).toEqual({
    'order-line:0': per(0),
    'order-line:1': per(1),
    'order-line:2': per(2),
  });
  proxy.fault(({ records }) => (records.length > 0 ? { kind: 'throttle' } : undefined));
  await appendOf(it, 'order', '1', 21);
  const failed = async (stream: string) =>
    Number(
      (await (await fetch(`${relay.opsUrl}/metrics`)).text()).match(
        new RegExp(`^banyan_relay_failed_total\\{class="throttled",stream="${stream}"\\} (\\d+)$`, 'm'),
      )![1],
    );
  await until('it is counted', async () => (await failed(second.name)) > 0);
  expect(await failed(it.stream)).toBe(0);
});

test('a type changes its stream once none of its events is pending and no relay runs; until then all of them go where they went', async () => {
  const { it, second } = await twoStreams();
  const first = await it.relay();
  await appendOf(it, 'order', '1', 1);
  await drained(it);
  const moved = { streams: [second], aggregates: { order: second.name } };
  const beside = await it.relay({ ...moved, name: 'beside' });
  await appendOf(it, 'order', '1', 2);
  await drained(it);
  await Promise.all([first.stop(), beside.stop()]);
  await appendOf(it, 'order', '1', 3);
  const pending = await it.relay(moved);
  await drained(it);
  await appendOf(it, 'order', '1', 4);
  await drained(it);
  await pending.stop();
  expect(await keysIn(it.stream)).toEqual({ 'order:1': [1, 2, 3, 4] });
  expect(it.logged.join('')).toContain(`They go to '${second.name}' once a relay starts while no other runs`);
  await it.relay(moved);
  await appendOf(it, 'order', '1', 5);
  await drained(it);
  expect(await keysIn(second.name)).toEqual({ 'order:1': [5] });
  expect(await boundMap(it.database)).toEqual({ stream: it.stream, aggregates: { order: second.name } });
});

test("a relay that doesn't know a type's stream leaves its events alone and says what to do, and one with another map gets no lease", async () => {
  const { it, second } = await twoStreams();
  const map = { streams: [second], aggregates: { order: second.name } };
  await (await it.relay(map)).stop();
  await appendOf(it, 'order', '1', 1);
  await appendOf(it, 'item', '1', 1);
  const ignorant = await it.relay({ ...IMPATIENT, ops: '127.0.0.1:0' });
  await until('the other type is through', async () => (await it.states()).settled === 1);
  const ready = async () => (await fetch(`${ignorant.opsUrl}/readyz`)).text();
  expect(await ready()).toContain(`aggregate type 'order' to stream '${second.name}'`);
  expect((await it.states()).pending).toBe(1);
  await it.database.query('UPDATE banyan_outbox_stream SET aggregates = ?', ['{}']);
  await until('it says so', async () => (await ready()).includes('restart this relay'));
  await until('its leases have run out', async () => {
    const [rows] = await it.database.query(
      'SELECT 1 FROM banyan_outbox_lease WHERE owner IS NOT NULL AND expires_at > CURRENT_TIMESTAMP(6)',
    );
    return (rows as unknown[]).length === 0;
  });
});

test('a replay into another stream holds up no live event of its key, dead or parked, nor they it', async () => {
  const { it, proxy, second } = await twoStreams();
  await proxy.away();
  await replay(it, second.name, 'order', '1', 1);
  await appendOf(it, 'order', '1', 2);
  await it.relay({ streams: [second] });
  await until('the live event is through', async () => (await it.states()).settled === 1);
  await it.database.query("UPDATE banyan_outbox SET state = 'parked' WHERE stream IS NOT NULL");
  await appendOf(it, 'order', '1', 3);
  await until('the next one is', async () => (await it.states()).settled === 2);
  await it.database.query("UPDATE banyan_outbox SET state = 'pending' WHERE stream IS NOT NULL");
  await it.database.query("UPDATE banyan_outbox SET state = 'parked' WHERE stream IS NULL");
  await appendOf(it, 'order', '1', 4);
  await proxy.back();
  await until('the replay is', async () => (await it.states()).settled === 1);
  expect([await keysIn(it.stream), await keysIn(second.name)]).toEqual([
    { 'order:1': [2, 3] },
    { 'order:1': [1] },
  ]);
  expect(await it.states()).toEqual({ pending: 1, settled: 1, parked: 2 });
});
