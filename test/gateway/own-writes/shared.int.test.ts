import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startRedis } from '../../../demo/servers/redis.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric } from '../support/gateway.ts';
import { as, gatewayOf, read, scene, write } from './scene.ts';

const redis = () => inject('redis');
const redisOfItsOwn = async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  return server;
};

test('what was written through one gateway is read from the monolith through the other at once, and later from the service', async () => {
  const it = await scene({ redis: redis(), afterWrite: 3_000 });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  for (let round = 0; round < 200; round += 1) {
    await write(one, `c${round}`);
    expect(await read(other, `c${round}`), `round ${round}`).toBe('monolith');
  }
  expect(await read(other, 'somebody-else')).toBe('service');
  await write(one, 'ada');
  const wrote = performance.now();
  await until('the write is old', async () => (await read(other, 'ada')) === 'service');
  expect(performance.now() - wrote).toBeGreaterThan(2_900);
  expect(
    await metric(other, 'banyan_gateway_followed_reads_total{context="inventory",cause="write"}'),
  ).toBeGreaterThan(200);
  expect(await metric(one, 'banyan_gateway_own_writes_total{context="inventory"}')).toBe(201);
  expect(await metric(one, 'banyan_gateway_own_writes_unconfirmed_total{context="inventory"}')).toBe(
    undefined,
  );
});

test('Redis is not told who wrote', async () => {
  const server = await redisOfItsOwn();
  const it = await scene({ redis: server.url });
  const gateway = await gatewayOf(it);
  await write(gateway, 'ada@shop.example');
  const client = new Redis(server.url);
  onTestFinished(() => client.disconnect());
  expect(await client.keys('*')).toEqual([expect.stringMatching(/^banyan:wrote:[\w-]{43}$/)]);
  await until('it is forgotten', async () => (await client.keys('*')).length === 0);
});

test('a write counts from before it is passed on until afterWrite past its answer’s end, however long that takes', async () => {
  let answers: ServerResponse | undefined;
  const respond = (request: { url?: string | undefined }, response: ServerResponse) => {
    if (request.url === '/orders') answers = response;
    else response.end('monolith');
  };
  const it = await scene({ redis: redis(), respond, afterWrite: 600 });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  const writing = write(one, 'eve');
  await until('the monolith has the write', () => answers);
  const began = performance.now();
  while (performance.now() - began < 1_500)
    expect([await read(one, 'eve'), await read(other, 'eve')]).toEqual(['monolith', 'monolith']);
  // An answer that takes its time, too.
  answers!.write('begun');
  await until('the answer has begun', () => answers!.headersSent);
  while (performance.now() - began < 3_000) expect(await read(other, 'eve')).toBe('monolith');
  answers!.end();
  await writing;
  expect(await read(other, 'eve')).toBe('monolith');
  await until('the write is old', async () => (await read(other, 'eve')) === 'service');
});

test('who is given another cohort by the answer has written under that, too', async () => {
  const respond = (_: unknown, response: ServerResponse) =>
    response.setHeader('Set-Cookie', ['a=1', 'sid=logged-in; Path=/; HttpOnly']).end('monolith');
  const it = await scene({ redis: redis(), respond });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  await send(one.url, '/login', { method: 'POST' });
  expect(await read(other, 'logged-in')).toBe('monolith');
  expect(await read(one, 'logged-in')).toBe('monolith');
  // Nobody in particular has written as well.
  expect((await send(other.url, '/inventory/a')).body).toBe('monolith');
});

test('while Redis is away nobody is taken for one who has not written; an empty one that comes back is not believed at once', async () => {
  const server = await redisOfItsOwn();
  const it = await scene({ redis: server.url, afterWrite: 500 });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  await write(one, 'ada');
  server.kill('SIGKILL');
  await until('it is noticed', async () => (await read(other, 'nobody')) === 'monolith');
  expect(await read(other, 'ada')).toBe('monolith');
  expect(await read(one, 'nobody')).toBe('monolith');
  const began = performance.now();
  expect(await write(one, 'bob')).toMatchObject({ status: 200, body: 'monolith' });
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(
    await metric(one, 'banyan_gateway_own_writes_unconfirmed_total{context="inventory"}'),
  ).toBeGreaterThan(0);
  expect(
    await metric(other, 'banyan_gateway_followed_reads_total{context="inventory",cause="unknown"}'),
  ).toBeGreaterThan(0);
  await server.restart();
  const client = new Redis(server.url);
  onTestFinished(() => client.disconnect());
  await until(
    'the other is connected',
    async () => String(await client.client('LIST')).split('\n').length > 3,
  );
  const back = performance.now();
  await until('it is believed', async () => (await read(other, 'nobody')) === 'service');
  expect(performance.now() - back).toBeGreaterThan(500);
});

test('a Redis that hangs holds an answer up for a moment, and no read for long', async () => {
  const server = await redisOfItsOwn();
  const it = await scene({ redis: server.url });
  const gateway = await gatewayOf(it);
  server.kill('SIGSTOP');
  const began = performance.now();
  expect(await write(gateway, 'ada')).toMatchObject({ status: 200, body: 'monolith' });
  const held = performance.now() - began;
  expect(held).toBeGreaterThan(200);
  expect(held).toBeLessThan(5_000);
  for (let round = 0; round < 100; round += 1) expect(await read(gateway, `n${round}`)).toBe('monolith');
  expect(performance.now() - began).toBeLessThan(10_000);
  server.kill('SIGCONT');
  await until('it answers again', async () => (await read(gateway, 'nobody')) === 'service');
});

test.each(['Connection: close\r\n', 'Connection: keep-alive\r\n'])(
  'an answer is whole when it was held, with %j',
  async (connection) => {
    const server = await redisOfItsOwn();
    const body = 'x'.repeat(300_000);
    const respond = (_: unknown, response: ServerResponse) => response.end(body);
    const it = await scene({ redis: server.url, respond });
    const gateway = await gatewayOf(it);
    server.kill('SIGSTOP');
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const closed = once(socket, 'close');
    let got = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (got += chunk));
    const began = performance.now();
    socket.write(`POST /orders HTTP/1.1\r\nHost: a\r\n${connection}Content-Length: 0\r\n\r\n`);
    await once(socket, 'data');
    expect(performance.now() - began).toBeGreaterThan(200);
    await until('the whole body', () => got.endsWith(`\r\n\r\n${body}`));
    if (connection.includes('close')) await closed;
    else {
      socket.write('GET /cart HTTP/1.1\r\nHost: a\r\n\r\n');
      await until('the next one', () => got.length > 600_000);
    }
    server.kill('SIGCONT');
  },
);

test('an upgrade that is a read follows the write', async () => {
  const it = await scene({ redis: redis() });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  const heads: string[] = [];
  for (const { server } of [it.monolith, it.service])
    server.on('upgrade', (_, socket) => {
      heads.push(server === it.service.server ? 'service' : 'monolith');
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  const upgrade = (cohort: string) =>
    send(other.url, '/inventory/a', {
      headers: { ...as(cohort).headers, connection: 'Upgrade', upgrade: 'websocket' },
    });
  await write(one, 'ada');
  await upgrade('ada');
  await upgrade('bob');
  expect(heads).toEqual(['monolith', 'service']);
});
