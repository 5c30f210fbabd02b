import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { idleRelay } from './idle-relay.ts';
import { relayChildren } from './relay-children.ts';
import { drained, numbers, scene, type Scene } from './support.ts';

/** Nobody could wait for the end of these leases, and a busy machine has time to answer. */
const LONG = { lease: 600_000, requestTimeout: 60_000 };
const [KEYS, EVENTS] = [150, 3_000];
const load = numbers(EVENTS).map((n): [string, number] => [`k${n % KEYS}`, n]);
const inOrder = Object.fromEntries(
  numbers(KEYS).map((key) => [
    `thing:k${key % KEYS}`,
    numbers(EVENTS).filter((n) => n % KEYS === key % KEYS),
  ]),
);

/** Each settled row as `key n sequenceNumber`. */
async function settledRows({ database }: Scene): Promise<string[]> {
  const [rows] = await database.query(
    `SELECT CONCAT(partition_key, ' ', JSON_EXTRACT(data, '$.n'), ' ', r.sequence_number) AS text
       FROM banyan_outbox JOIN banyan_outbox_receipt r USING (id) WHERE state = 'settled'`,
  );
  return (rows as { text: string }[]).map(({ text }) => text).toSorted();
}
const delivered = async ({ deliveries }: Scene) =>
  (await deliveries()).map(({ key, n, sequenceNumber }) => `${key} ${n} ${sequenceNumber}`).toSorted();

async function owners({ database }: Scene): Promise<unknown[]> {
  const [rows] = await database.query(
    `SELECT owner FROM banyan_outbox_lease WHERE owner IS NOT NULL UNION SELECT relay FROM banyan_outbox_relay`,
  );
  return rows as unknown[];
}

test('SIGTERM under load settles what is in flight and frees the leases at once, and the next relay sends nothing twice', async () => {
  const it = await scene();
  const start = relayChildren(it);
  await it.appendAtOnce(load);
  it.proxy.fault(() => ({ kind: 'delay', milliseconds: 20 }));
  const relay = start({ name: 'first', ...LONG });
  await until('it is in the middle', async () => (await it.states()).settled > EVENTS / 4);
  // From here on an answer takes so long that the signal comes before it.
  it.proxy.fault(() => ({ kind: 'delay', milliseconds: 1_500 }));
  const slow = it.proxy.puts.length;
  await until('a request is in flight', () => it.proxy.puts.length > slow);
  relay.kill('SIGTERM');
  expect(await relay.ended, relay.output()).toBe(0);
  it.proxy.fault(() => undefined);

  const { settled, pending } = await it.states();
  expect(pending).toBeGreaterThan(0);
  expect(settled + pending).toBe(EVENTS);
  // What is in the stream, the records that were in flight among it, is settled, and the other way round.
  expect(await settledRows(it)).toEqual(await delivered(it));
  expect(await owners(it)).toEqual([]);

  await it.relay({ name: 'heir', ...LONG });
  await drained(it);
  expect(await it.published()).toEqual(inOrder);
});

test('a relay that stops waits until a request without an answer can have no effect any more, and only then frees its leases', async () => {
  const it = await scene();
  await it.append(['k', 1], ['k', 2]);
  let sent = 0;
  it.proxy.fault(({ operation }) => {
    if (operation !== 'PutRecords') return undefined;
    return sent++ === 0 ? { kind: 'late', milliseconds: 1_000 } : { kind: 'throttle' };
  });
  const relay = await it.relay({ name: 'first', lease: 600_000, requestTimeout: 3_000 });
  await until('its answer is lost', () => it.proxy.puts.length > 0);
  await relay.stop();
  expect(await owners(it)).toEqual([]);
  it.proxy.fault(() => undefined);
  await it.relay({ name: 'heir', ...LONG });
  await drained(it);
  await until('all is there', async () => (await it.deliveries()).length === 3);
  // After the 2 the late 1 would be out of order.
  expect(await it.published()).toEqual({ 'thing:k': [1, 1, 2] });
});

test('while it stops, what fails stays pending, and in order', async () => {
  const it = await scene();
  const keys = numbers(40).map((n) => `k${n}`);
  await it.appendAtOnce(numbers(10).flatMap((n) => keys.map((key): [string, number] => [key, n])));
  // Every second one of all: a shard that fails for a while is tried with single records.
  let records = 0;
  it.proxy.fault(() => ({ kind: 'fail-records', which: () => records++ % 2 === 0 }));
  const relay = await it.relay({ name: 'first', ...LONG });
  await until('some failed and some were written', async () => (await it.states()).settled > 20);
  await relay.stop();
  expect(await settledRows(it)).toEqual(await delivered(it));
  expect(await owners(it)).toEqual([]);
  it.proxy.fault(() => undefined);
  await it.relay({ name: 'heir', ...LONG });
  await drained(it);
  expect(await it.published()).toEqual(Object.fromEntries(keys.map((key) => [`thing:${key}`, numbers(10)])));
});

test('a relay that is stopped while it looks into the outbox ends with that look, however long it would have rested', async () => {
  const it = await scene();
  const idle = await idleRelay(it);
  const look = idle.hold();
  const before = idle.looks();
  idle.relay.wake();
  await until('it looks', () => idle.looks() > before);
  const stopped = idle.relay.stop();
  look.end();
  await stopped;
  expect(await owners(it)).toEqual([]);
});
