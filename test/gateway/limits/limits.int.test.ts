import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, sendRaw } from '../support/client.ts';
import { metric, shopConfig, started, withLimits, type Started } from '../support/gateway.ts';
import { startRaw, startUpstream } from '../support/upstream.ts';
import type { Config, Limits } from '../../../contexts/index.ts';

const refused = async (gateway: Started, limit: string) =>
  (await metric(gateway, `banyan_gateway_refused_total{limit="${limit}"}`)) ?? 0;

const POST = 'POST /inventory/a HTTP/1.1\r\nHost: shop\r\n';

/** A connection to the gateway, and what came back over it. */
function opened(url: string): Socket & { got(): string } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString('latin1'))).on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return Object.assign(socket, { got: () => got });
}

async function shop(monolith: string, limits: Partial<Limits> = {}, change = (config: Config) => config) {
  const config = await shopConfig({ monolith, inventory: monolith });
  return started(change(withLimits(config, limits)), memorySource());
}

test('a request with more fields than allowed is 431, one with as many goes through', async () => {
  const monolith = await startUpstream('monolith');
  const gateway = await shop(monolith.url, { fields: 40 });
  // Host and Connection are two of them.
  const fields = (count: number) =>
    Array.from({ length: count - 2 }, (_, index) => `X-${index}: 1\r\n`).join('');
  const get = (count: number) =>
    sendRaw(gateway.url, `GET / HTTP/1.1\r\nHost: shop\r\n${fields(count)}Connection: close\r\n\r\n`);
  expect(await get(40)).toMatch(/^HTTP\/1.1 200 /);
  for (const count of [41, 300]) expect(await get(count)).toMatch(/^HTTP\/1.1 431 /);
  expect(monolith.seen).toHaveLength(1);
  // Many more are too much for Node's parser already.
  expect(await refused(gateway, 'fields')).toBeGreaterThan(0);
  expect((await refused(gateway, 'fields')) + (await refused(gateway, 'head-size'))).toBe(2);
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({ status: 431, limit: 'fields', client: '127.0.0.1' }),
  );
});

test('a head longer than allowed is 431', async () => {
  const monolith = await startUpstream('monolith');
  const gateway = await shop(monolith.url, { headBytes: 8_192 });
  const get = (bytes: number) => send(gateway.url, '/', { headers: { 'x-a': 'a'.repeat(bytes) } });
  expect((await get(7_000)).status).toBe(200);
  expect((await get(9_000)).status).toBe(431);
  expect(await refused(gateway, 'head-size')).toBe(1);
});

test('a body that drips is 408 and its upstream’s request is aborted; one that comes steadily goes through', async () => {
  const inventory = await startRaw((socket) => socket.resume());
  const gateway = await shop(inventory.url, { bodyTimeout: 400, bodyRate: 100 });
  const drip = opened(gateway.url);
  drip.write(`${POST}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`);
  const dripping = setInterval(() => drip.write('1\r\nx\r\n'), 100);
  onTestFinished(() => clearInterval(dripping));
  const late = opened(gateway.url);
  late.write(`${POST}Content-Length: 100000\r\nTrailer: X-T\r\n\r\n${'x'.repeat(100)}`);
  const steady = opened(gateway.url);
  const began = performance.now();
  steady.write(`${POST}Content-Length: 1000000\r\n\r\n`);
  const flowing = setInterval(() => steady.write('x'.repeat(5_000)), 20);
  onTestFinished(() => clearInterval(flowing));

  await until('the drip’s answer', () => drip.got());
  await until('the late one’s answer', () => late.got());
  expect(drip.got()).toMatch(/^HTTP\/1.1 408 [^]*connection: close\r\n[^]*408 Request Timeout\n$/);
  expect(late.got()).toMatch(/^HTTP\/1.1 408 /);
  const gone = () => inventory.sockets().filter((socket) => socket.destroyed || socket.readableEnded).length;
  await until('both upstream connections are gone', () => gone() === 2);
  expect(await refused(gateway, 'body-timeout')).toBe(2);
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({
      msg: 'the client’s request is refused half-way',
      status: 408,
      limit: 'body-timeout',
      client: '127.0.0.1',
    }),
  );
  await until('three times the limit', () => performance.now() - began > 1_200);
  expect(steady.got()).toBe('');
  expect(gone()).toBe(2);
});

test('a client whose body the upstream doesn’t take is not slow', async () => {
  const stuck = await startRaw((socket) => socket.pause());
  const gateway = await shop(stuck.url, { bodyTimeout: 200, bodyRate: 1_000_000 });
  const client = opened(gateway.url);
  client.write(`${POST}Content-Length: 100000000\r\n\r\n`);
  let last = { sent: -1, at: 0 };
  const full = () => {
    while (client.writableLength < 100_000 && !client.destroyed) client.write(Buffer.alloc(65_536));
    if (client.bytesWritten !== last.sent) last = { sent: client.bytesWritten, at: performance.now() };
    return client.destroyed || performance.now() - last.at > 600;
  };
  await until('nothing has moved for three times the limit', full);
  expect(client.got()).toBe('');
  expect(client.destroyed).toBe(false);
  expect(await refused(gateway, 'body-timeout')).toBe(0);
});

test('a client that takes nothing of its answer is let go, and its upstream too; one that takes it bit by bit is not', async () => {
  const monolith = await startRaw((socket) => {
    const more = () => {
      while (socket.write(Buffer.alloc(65_536)));
    };
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.on('drain', more);
    more();
  });
  const gateway = await shop(monolith.url, { readTimeout: 600, readRate: 1_000 });
  const stuck = opened(gateway.url);
  // Another request behind it is no way around that: it waits for its turn.
  stuck.pause().write('GET /stuck HTTP/1.1\r\nHost: shop\r\n\r\n'.repeat(2));
  const slow = opened(gateway.url);
  slow.pause().write('GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n');
  const reading = setInterval(() => slow.read(Math.min(slow.readableLength, 32_768)), 5);
  onTestFinished(() => clearInterval(reading));
  await until('one is let go', () => refused(gateway, 'slow-reader'));
  await until('its upstream is', () => monolith.sockets().some((socket) => socket.destroyed));
  await until('another twice the limit', waited(1_200));
  expect(await refused(gateway, 'slow-reader')).toBe(1);
  expect(monolith.sockets().filter((socket) => socket.destroyed)).toHaveLength(1);
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({ limit: 'slow-reader', method: 'GET', client: '127.0.0.1' }),
  );
});

function waited(milliseconds: number): () => boolean {
  const began = performance.now();
  return () => performance.now() - began > milliseconds;
}

test('a body longer than its route allows is 413 before anybody sees it, or cut off when it passes the limit', async () => {
  const inventory = await startRaw((socket) => socket.resume());
  const gateway = await shop(inventory.url, {}, (config) => {
    const { inventory: context } = config.contexts;
    const routes = context!.routes.map((route) => ({ ...route, maxBody: 1_000 }));
    return { ...config, contexts: { inventory: { ...context!, routes } } };
  });
  const told = await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x'.repeat(1_001) });
  expect(told).toMatchObject({ status: 413, body: '413 Payload Too Large\n' });
  expect(inventory.sockets()).toEqual([]);
  const expecting = await sendRaw(gateway.url, `${POST}Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n`);
  expect(expecting).toMatch(/^HTTP\/1.1 413 /);
  expect(inventory.sockets()).toEqual([]);

  for (const field of ['', 'Trailer: X-T\r\n']) {
    const before = inventory.sockets().length;
    const chunked = opened(gateway.url);
    chunked.write(`${POST}${field}Transfer-Encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1_000)}\r\n`);
    await until('the upstream has it', () => inventory.sockets().length > before);
    expect(chunked.got()).toBe('');
    // A client that reads only when it has sent more than all buffers hold finds its answer all the same.
    let written = false;
    chunked.pause().write(`2000000\r\n${'x'.repeat(33_554_432)}\r\n`, () => (written = true));
    await until('all is written, or can’t be', () => written);
    chunked.resume();
    await until('the answer', () => chunked.got() || chunked.destroyed);
    expect(chunked.got()).toMatch(/^HTTP\/1.1 413 [^]*413 Payload Too Large\n$/);
    await until('the upstream’s is aborted', () => inventory.sockets().at(-1)!.readableEnded);
  }
  expect(await refused(gateway, 'body-size')).toBe(4);
  const sent =
    'banyan_gateway_requests_total{upstream="monolith",context="inventory",kind="write",status="4xx"}';
  expect(await metric(gateway, sent)).toBe(2);
});

test('routes without a limit take bodies of any length, unless there is one for all', async () => {
  const monolith = await startUpstream('monolith');
  const body = 'x'.repeat(100_000);
  const free = await shop(monolith.url);
  expect((await send(free.url, '/any', { method: 'POST', body })).status).toBe(200);
  const limited = await shop(monolith.url, { maxBody: 50_000 });
  expect((await send(limited.url, '/any', { method: 'POST', body })).status).toBe(413);
});

test('a client’s connections beyond its limit are 429, and free when it closes others', async () => {
  const monolith = await startUpstream('monolith');
  const gateway = await shop(monolith.url, { connectionsPerClient: 2 });
  const [one, two] = [opened(gateway.url), opened(gateway.url)];
  for (const socket of [one, two]) {
    socket.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    await until('an answer', () => socket.got());
  }
  expect(await sendRaw(gateway.url, 'GET /third HTTP/1.1\r\nHost: shop\r\n\r\n')).toMatch(
    /^HTTP\/1.1 429 Too Many Requests\r\n[^]*retry-after: 1\r\n/,
  );
  expect(monolith.seen.map(({ target }) => target)).toEqual(['/', '/']);
  expect(await refused(gateway, 'connections')).toBe(1);
  one.destroy();
  await until('there is room again', async () => (await send(gateway.url)).status === 200);
});

test('behind a trusted proxy it is the requests under way of each client that count, not the proxy’s connections', async () => {
  const waiting: (() => void)[] = [];
  const monolith = await startUpstream('monolith', (_request, response) => {
    waiting.push(() => response.end('at last'));
  });
  const gateway = await shop(monolith.url, { connectionsPerClient: 1 }, (config) => ({
    ...config,
    gateway: { ...config.gateway, trustedProxies: ['127.0.0.1'] },
  }));
  const get = (client: string) => send(gateway.url, '/', { headers: { 'x-forwarded-for': client } });
  const first = [get('192.0.2.1'), get('192.0.2.2'), get('2001:db8::1')];
  await until('three clients’ requests are under way', () => waiting.length === 3);
  expect(await get('192.0.2.1')).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  expect((await get('2001:db8::ffff')).status).toBe(429);
  for (const answer of waiting) answer();
  for (const { status } of await Promise.all(first)) expect(status).toBe(200);
  const again = get('192.0.2.1');
  await until('it is under way', () => waiting.length === 4);
  waiting[3]!();
  expect((await again).status).toBe(200);
  expect(await refused(gateway, 'connections')).toBe(2);
});
