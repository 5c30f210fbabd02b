import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { ConsumerReport } from '../../consumer/index.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, sequenced } from './counting.ts';
import { counted, numberedEvent, put } from './events.ts';

async function consume(more: Parameters<typeof countingConsumer>[2] = {}) {
  const database = await countingDatabase(await freshDatabase('inbox'));
  const name = await freshStream(2);
  const consumer = countingConsumer(database, { name, endpoint: inject('kinesis') }, more);
  onTestFinished(async () => {
    await consumer.stop();
    await database.end();
  });
  return { name, consumer };
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

test('a consumer that has caught up lags by little more than its poll', async () => {
  const { name, consumer } = await consume();
  await put(name, [counted('a', 1)]);
  expect(consumer.lag().lagMs).toBeNull();
  await consumer.start();
  await until('caught up', () => consumer.totals().handled === 1 && (consumer.lag().lagMs ?? Infinity) < 500);
});

test('lags by the age of the oldest event in hand, from when it was recorded and not from when it arrived', async () => {
  let fails = true;
  const { name, consumer } = await consume({
    handlers: {
      async Counted() {
        if (fails) throw new Error('not yet');
      },
    },
  });
  await put(name, [counted('a', 1), counted('a', 2, { recordedtime: ago(60_000) })]);
  await consumer.start();
  await until('stuck', () => consumer.totals().retries > 0 && consumer.lag().lagMs !== null);
  expect(consumer.lag().lagMs).toBeGreaterThanOrEqual(60_000);
  expect(consumer.lag().lagMs).toBeLessThan(90_000);
  fails = false;
  await until('caught up', () => (consumer.lag().lagMs ?? Infinity) < 500);
});

test('an event from the future makes the lag unknown: clocks that far apart measure nothing', async () => {
  const { name, consumer } = await consume();
  await put(name, [counted('a', 1, { recordedtime: ago(-30_000) })]);
  await consumer.start();
  await until('handled', () => consumer.totals().handled === 1);
  expect(consumer.lag()).toMatchObject({
    lagMs: null,
    reason: expect.stringContaining('ahead of this clock'),
  });
});

test('has health, readiness and metrics on its ops port', async () => {
  const { name, consumer } = await consume({ ops: '127.0.0.1:0' });
  await put(name, [counted('a', 1), counted('a', 2, { type: 'Other' })]);
  await consumer.start();
  const get = async (path: string) => await fetch(`${consumer.opsUrl()}${path}`);
  expect((await get('/healthz')).status).toBe(200);
  await until('ready', async () => (await get('/readyz')).status === 200);
  await until('both read', () => consumer.totals().handled + consumer.totals().unhandled === 2);
  const metrics = await (await get('/metrics')).text();
  expect(metrics).toContain('banyan_consumer_records_total{outcome="handled",application="counting"} 1');
  expect(metrics).toContain('banyan_consumer_records_total{outcome="unhandled",application="counting"} 1');
  expect(metrics).toContain('banyan_consumer_retries_total{application="counting"} 0');
  expect(metrics).toMatch(/banyan_consumer_lag_seconds\{application="counting"\} \d+(\.\d+)?\n/);
  await consumer.stop();
  expect(consumer.opsUrl()).toBeUndefined();
});

test('is not ready, and its lag is NaN, while the stream can not be read', async () => {
  const database = await countingDatabase(await freshDatabase('inbox'));
  const consumer = countingConsumer(
    database,
    { name: 'none', endpoint: 'http://127.0.0.1:9' },
    { ops: '127.0.0.1:0' },
  );
  onTestFinished(async () => {
    await consumer.stop();
    await database.end();
  });
  await consumer.start();
  const ready = await fetch(`${consumer.opsUrl()}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain("the stream's shards are not all known");
  const metrics = await (await fetch(`${consumer.opsUrl()}/metrics`)).text();
  // prom-client's own spelling; Prometheus reads it as not a number.
  expect(metrics).toMatch(/banyan_consumer_lag_seconds\{application="counting"\} nan/i);
});

test('reports its lag again and again, and goes on when nobody listens', async () => {
  const reports: { path?: string | undefined; authorization?: string | undefined; body: ConsumerReport }[] =
    [];
  let status = 204;
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      reports.push({
        path: request.url,
        authorization: request.headers.authorization,
        body: JSON.parse(text) as ConsumerReport,
      });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { name, consumer } = await consume({ report: { url: `http://127.0.0.1:${port}`, token: 'a-token' } });
  await put(name, [counted('a', 1)]);
  await consumer.start();
  await until('a report of one event', () => reports.some(({ body }) => body.handledTotal === 1));
  const { path, authorization, body } = reports.at(-1)!;
  expect({ path, authorization }).toEqual({
    path: '/v1/consumers/counting',
    authorization: 'Bearer a-token',
  });
  expect(body).toEqual({
    lagMs: expect.any(Number),
    shards: 2,
    handledTotal: 1,
    heartbeats: [],
    stream: expect.any(String),
    at: expect.stringMatching(/Z$/),
  });
  status = 500;
  const before = reports.length;
  await until('it reports on', () => reports.length >= before + 2);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  await put(name, [counted('a', 2)]);
  await until('handled nevertheless', () => consumer.totals().handled === 2);
});

test('reports what it holds by numbers: what waits, what is parked, for how long', async () => {
  const reports: ConsumerReport[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      reports.push(JSON.parse(text) as ConsumerReport);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { name, consumer } = await consume({
    registry: sequenced,
    report: { url: `http://127.0.0.1:${port}`, token: 'a-token' },
  });
  await consumer.start();
  const nothing = { waiting: 0, oldestWaitingMs: null, parked: 0, oldestParkedMs: null };
  await until('nothing', () => reports.some(({ held }) => held && held.waiting + held.parked === 0));
  expect(reports.findLast(({ held }) => held)!.held).toEqual(nothing);
  await put(
    name,
    [1, 3, 1, 4].map((n) => numberedEvent('k', n)),
  );
  await until('told', () => reports.some(({ held }) => held?.waiting === 2 && held.parked === 1));
  expect(reports.at(-1)!.held).toEqual({
    ...{ waiting: 2, oldestWaitingMs: expect.any(Number) },
    ...{ parked: 1, oldestParkedMs: expect.any(Number) },
  });
});
