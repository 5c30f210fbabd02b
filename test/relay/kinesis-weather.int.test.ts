import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { until } from '../support/until.ts';
import type { Call, Fault } from '../support/kinesis-proxy.ts';
import { drained, IMPATIENT, numbers, scene } from './support.ts';

/** The fault for the first `times` PutRecords requests. */
function first(times: number, fault: Fault): (call: Call) => Fault | undefined {
  let left = times;
  return ({ operation }) => (operation === 'PutRecords' && left-- > 0 ? fault : undefined);
}
const ready = async (opsUrl: string) => (await fetch(`${opsUrl}/readyz`)).text();
const metric = async (opsUrl: string, line: string) => {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.split(' ')
      .at(-1) ?? 0,
  );
};
const ops = { ops: '127.0.0.1:0' };

test('records that failed are sent again before their key goes on; other keys go on at once', async () => {
  const it = await scene();
  await it.append(['good', 1], ['bad', 1], ['good', 2], ['bad', 2]);
  let failing = true;
  it.proxy.fault(() =>
    failing ? { kind: 'fail-records', which: ({ key }) => key === 'thing:bad' } : undefined,
  );
  const relay = await it.relay(ops);
  await until('the good key is through', async () => (await it.published())['thing:good']?.length === 2);
  expect(await it.published()).toEqual({ 'thing:good': [1, 2] });
  failing = false;
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:good': [1, 2], 'thing:bad': [1, 2] });
  expect(
    await metric(relay.opsUrl!, `banyan_relay_failed_total{class="throttled",stream="${it.stream}"}`),
  ).toBeGreaterThan(0);
});

test('an answer that got lost: the same record is sent again, and not the next', async () => {
  const it = await scene();
  await it.append(['k', 1], ['k', 2]);
  it.proxy.fault(first(1, { kind: 'drop-answer' }));
  await it.relay();
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': [1, 1, 2] });
});

test('a request that gets no answer at all is given up and holds up its own keys alone', async () => {
  const it = await scene();
  await it.append(['stuck', 1], ['stuck', 2]);
  it.proxy.fault(({ records }) =>
    records.some(({ key }) => key === 'thing:stuck') ? { kind: 'hang' } : undefined,
  );
  await it.relay(IMPATIENT);
  await until('the first request hangs', () => it.proxy.puts.length === 1);
  await it.append(...numbers(20).map((n): [string, number] => [`k${n}`, n]));
  await until('the others are through', async () => (await it.states()).settled === 20);
  it.proxy.fault(() => undefined);
  await drained(it);
  expect((await it.firstDeliveries())['thing:stuck']).toEqual([1, 2]);
});

test.each<[string, Fault]>([
  ['throttles whole requests', { kind: 'throttle' }],
  ['cuts connections', { kind: 'cut' }],
  ['answers 500', { kind: 'error', type: 'InternalFailure', status: 500 }],
])('while Kinesis %s nothing is lost or reordered, and the relay recovers', async (_, fault) => {
  const it = await scene();
  it.proxy.fault(first(5, fault));
  await it.append(...numbers(20).map((n): [string, number] => [`k${n % 2}`, n]));
  await it.relay();
  await drained(it);
  expect(await it.published()).toEqual({
    'thing:k0': numbers(20).filter((n) => n % 2 === 0),
    'thing:k1': numbers(20).filter((n) => n % 2 === 1),
  });
});

test('while Kinesis refuses connections the relay waits, says so, and goes on by itself', async () => {
  const it = await scene();
  const relay = await it.relay(ops);
  await it.append(['k', 1]);
  await drained(it);
  await it.proxy.away();
  await it.append(['k', 2], ['k', 3]);
  await until('it says so', async () => (await ready(relay.opsUrl!)).includes('not ready: kinesis'));
  await it.proxy.back();
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': [1, 2, 3] });
  expect(await ready(relay.opsUrl!)).toBe('ready\n');
});

test('a relay started while Kinesis is away begins when it is there', async () => {
  const it = await scene();
  await it.proxy.away();
  const relay = await it.relay(ops);
  await it.append(['k', 1]);
  expect(await ready(relay.opsUrl!)).toContain('not ready');
  await it.proxy.back();
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': [1] });
});

test.each(['AccessDeniedException', 'ResourceNotFoundException'])(
  'with %s everything stays pending, it is logged once, and readyz names it',
  async (type) => {
    const it = await scene();
    const relay = await it.relay(ops);
    it.proxy.fault(({ operation }) => (operation === 'PutRecords' ? { kind: 'error', type } : undefined));
    await it.append(['a', 1], ['b', 1]);
    await until('it was tried several times', () => it.proxy.puts.length >= 4);
    expect(await it.states()).toEqual({ pending: 2, settled: 0, parked: 0 });
    expect(await ready(relay.opsUrl!)).toContain('not ready: kinesis');
    expect(it.logged.filter((line) => line.includes(type))).toHaveLength(1);
    it.proxy.fault(() => undefined);
    await drained(it);
    expect(await it.published()).toEqual({ 'thing:a': [1], 'thing:b': [1] });
  },
);

test('a record that the stream refuses as invalid is found and parked; its key waits, others go on', async () => {
  const it = await scene();
  await it.append(['poison', 1], ['poison', 2], ...numbers(6).map((n): [string, number] => [`k${n}`, n]));
  it.proxy.fault(({ records }) =>
    records.some(({ key }) => key === 'thing:poison')
      ? { kind: 'error', type: 'ValidationException' }
      : undefined,
  );
  await it.relay();
  await until('the others are through', async () => (await it.states()).settled === 6);
  // Parked only when the stream took another record since: it might be the stream that is at fault.
  await it.append(['later', 1]);
  await until('it is parked', async () => (await it.states()).parked === 1);
  await until('the later one is through', async () => (await it.states()).settled === 7);
  expect(await it.states()).toEqual({ pending: 1, settled: 7, parked: 1 });
  const [rows] = await it.database.query(
    `SELECT parked_reason AS reason FROM banyan_outbox WHERE state = 'parked'`,
  );
  expect(rows).toEqual([{ reason: expect.stringContaining('ValidationException') }]);
});

test('an event that is too large for the stream is parked at once; its key waits, others go on', async () => {
  const it = await scene();
  await it.database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data)
     VALUES ('large', '/monolith', 'T', 'thing', 'a', JSON_QUOTE(REPEAT('x', 1048576)))`,
  );
  await it.append(['a', 2], ['b', 1]);
  await it.relay();
  await until('it is parked', async () => (await it.states()).parked === 1);
  await until('the other key is through', async () => (await it.states()).settled === 1);
  expect(await it.states()).toEqual({ pending: 1, settled: 1, parked: 1 });
  expect(await it.published()).toEqual({ 'thing:b': [1] });
});

test('a hot key with a long backlog does not keep a cold key of its bucket waiting', async () => {
  const it = await scene();
  await it.append(...numbers(400).map((n): [string, number] => ['hot', n]));
  const [[hot]] = (await it.database.query('SELECT bucket FROM banyan_outbox LIMIT 1')) as unknown as [
    [{ bucket: number }],
  ];
  const [cold] = (await it.database.query(
    `SELECT n FROM (SELECT 1 AS n ${numbers(999)
      .map((n) => `UNION SELECT ${n + 1}`)
      .join(' ')}) ns
      WHERE CRC32(CONCAT('thing:', n)) MOD 64 = ? LIMIT 1`,
    [hot.bucket],
  )) as unknown as [[{ n: number }]];
  await it.append([String(cold[0].n), 1]);
  await it.relay();
  await until(
    'the cold key is through',
    async () => (await it.published())[`thing:${cold[0].n}`] !== undefined,
  );
  expect((await it.states()).pending).toBeGreaterThan(200);
  await drained(it);
  expect((await it.published())['thing:hot']).toEqual(numbers(400));
});

test('requests that are too large for the endpoint become smaller until they get through', async () => {
  const it = await scene();
  it.proxy.fault(({ records }) =>
    records.reduce((sum, { data }) => sum + data.byteLength, 0) > 300_000
      ? { kind: 'error', type: 'RequestEntityTooLarge', status: 413 }
      : undefined,
  );
  const data = { text: 'x'.repeat(100_000) };
  await append(
    (sql, values) => it.database.query(sql, values),
    numbers(20).map((id) => ({ type: 'T', aggregate: { type: 'thing', id }, data })),
  );
  await it.relay();
  await drained(it);
  expect(await it.states()).toEqual({ pending: 0, settled: 20, parked: 0 });
  expect(it.proxy.puts.some(({ fault, records }) => !fault && records.length > 1)).toBe(true);
});
