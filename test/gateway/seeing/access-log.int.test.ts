import { connect, type AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../../../contexts/index.ts';
import type { AccessLine } from '../../../gateway/seeing/access-line.ts';
import type { StartOptions } from '../../../gateway/start-gateway.ts';
import { accessLog as accessLogSchema } from '../../../contexts/seeing-config.ts';
import { expressGateway } from '../../../gateway/express.ts';
import { memorySource, type MemorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, sendRaw, upgradeTo } from '../support/client.ts';
import { keptLog, shopConfig, started, withLimits } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { order } from '../kill/order.ts';
import { closedUrl, startRaw, startUpstream } from '../support/upstream.ts';

type Written = AccessLine & Record<string, unknown>;

/** A gateway that writes its access log where a test can read it. */
async function logging(
  config: Config,
  source: MemorySource,
  how: unknown = true,
  options: Partial<StartOptions> = {},
) {
  const written: Written[] = [];
  const gateway = await started(
    { ...config, gateway: { ...config.gateway, accessLog: accessLogSchema.parse(how) } },
    source,
    // As a line would be on stdout: what is undefined isn't there.
    { accessLog: { write: (line) => void written.push(JSON.parse(JSON.stringify(line))) }, ...options },
  );
  const lines = async (count: number) => {
    await until(`${count} lines`, () => written.length >= count);
    return written;
  };
  return { gateway, url: gateway.url, lines };
}

async function shop(answer?: Parameters<typeof startUpstream>[1]) {
  const monolith = await startUpstream('monolith', answer);
  const inventory = await startUpstream('inventory', answer);
  return {
    monolith,
    inventory,
    config: await shopConfig({ monolith: monolith.url, inventory: inventory.url }),
  };
}

const canary = { reads: { stage: 'canary', percent: 50 } } as const;

test('a line says where a request went and why, how it ended and what it waited for', async () => {
  const { config } = await shop(
    (_request, response) => void setTimeout(() => response.end('x'.repeat(1_000)), 30),
  );
  const { url, lines } = await logging(
    config,
    memorySource({ inventory: { reads: { stage: 'extracted' } } }),
  );
  await send(url, '/stock/abc?token=secret', { headers: { host: 'shop.example' } });
  const [line] = await lines(1);
  const { ms, received, sent, client, ...rest } = line!;
  expect(rest).toEqual({
    method: 'GET',
    status: 200,
    host: 'shop.example',
    path: '/stock/abc',
    context: 'inventory',
    route: 'GET /stock/:sku',
    kind: 'read',
    stage: 'extracted',
    upstream: 'inventory',
    reason: 'reads extracted → extracted',
    revision: 1,
  });
  expect(client).toBe('127.0.0.1');
  expect(received).toBeGreaterThan(50);
  expect(sent).toBeGreaterThan(1_000);
  expect(sent).toBeLessThan(1_500);
  expect(ms!.wait).toBeGreaterThan(20);
  const { decide, connect: connecting, wait, body, total } = ms!;
  const sum = decide! + connecting! + wait! + body!;
  expect(sum).toBeLessThan(total! + 1);
  // On a busy machine something may pass between two phases; never as much as one that counts.
  expect(sum).toBeGreaterThan(total! - 15);
});

test('each request of a connection has its own bytes, and what matches no route its upstream alone', async () => {
  const { config } = await shop((_request, response, body) => response.end('x'.repeat(body.length)));
  const { url, lines } = await logging(config, memorySource());
  const head = (length: number, last = '') =>
    `POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n${last}\r\n`;
  await sendRaw(
    url,
    `${head(10)}${'x'.repeat(10)}${head(5_000)}${'x'.repeat(5_000)}${head(3, 'Connection: close\r\n')}xxx`,
  );
  const [first, second, third] = await lines(3);
  expect(first).toMatchObject({ upstream: 'monolith', reason: 'no route matches → monolith', revision: 1 });
  expect(first).not.toHaveProperty('context');
  expect(first!.sent).toBeLessThan(1_000);
  expect(second!.sent).toBeGreaterThan(5_000);
  expect(third!.sent).toBeLessThan(1_000);
  // What a client pipelines may have come with the request before.
  expect(first!.received! + second!.received! + third!.received!).toBe(
    head(10).length + 10 + head(5_000).length + 5_000 + head(3, 'Connection: close\r\n').length + 3,
  );
});

test('the query is left out unless it is asked for, and so are fields by name and the client’s own address', async () => {
  const { config } = await shop();
  const plain = await logging(config, memorySource(), {
    query: true,
    client: 'network',
    exclude: ['reason', 'ms', 'host'],
  });
  await send(plain.url, '/a?b=c');
  const [line] = await plain.lines(1);
  expect(line).toMatchObject({ path: '/a', query: 'b=c', client: '127.0.0.0/24', revision: 1 });
  for (const name of ['reason', 'ms', 'host']) expect(line).not.toHaveProperty(name);
  const nobody = await logging(config, memorySource(), { client: 'none' });
  await send(nobody.url, '/a?b=c');
  const [anonymous] = await nobody.lines(1);
  expect(anonymous).not.toHaveProperty('client');
  expect(JSON.stringify(anonymous)).not.toContain('b=c');
});

test('behind a trusted proxy the line names the client', async () => {
  const { config } = await shop();
  const trusting = { ...config, gateway: { ...config.gateway, trustedProxies: ['127.0.0.1'] } };
  const { url, lines } = await logging(trusting, memorySource());
  await send(url, '/a', { headers: { 'x-forwarded-for': '192.0.2.7' } });
  expect((await lines(1))[0]!.client).toBe('192.0.2.7');
});

test('a read that the monolith answers instead says why, with what failed before; another try is counted', async () => {
  const monolith = await startUpstream('monolith');
  const urls = { monolith: monolith.url, inventory: await closedUrl() };
  const { url, lines } = await logging(
    await protectedShop(urls, { inventory: 'breaker: { consecutive: 1, openFor: 1m }' }),
    memorySource({ inventory: { reads: { stage: 'extracted' } } }),
  );
  await send(url, '/inventory/a');
  await send(url, '/inventory/b');
  const [failed, open] = await lines(2);
  expect(failed).toMatchObject({ status: 200, upstream: 'monolith', fallback: 'failed', tries: 2 });
  expect(failed!.reason).toBe('reads extracted → extracted');
  expect(failed!.ms!.failed).toBeGreaterThan(10);
  expect(open).toMatchObject({ status: 200, upstream: 'monolith', fallback: 'breaker' });
  expect(open!.ms).not.toHaveProperty('failed');
});

test('what is shed, retired, held by a kill or fails has its line', async () => {
  const monolith = await startUpstream('monolith');
  const urls = { monolith: monolith.url, inventory: await closedUrl() };
  const config = await protectedShop(urls, {
    inventory: 'breaker: { consecutive: 1, openFor: 1m }',
    context: 'fallback: false',
  });
  const source = memorySource({ inventory: { reads: { stage: 'extracted' } } });
  const { gateway, url, lines } = await logging(config, source);
  await send(url, '/inventory/a');
  await send(url, '/inventory/a');
  const [failed, shed] = await lines(2);
  expect(failed).toMatchObject({ status: 502, upstream: 'inventory', side: 'upstream', phase: 'connect' });
  expect(shed).toMatchObject({ status: 503, upstream: 'inventory', shed: 'breaker' });

  const both = { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } as const;
  source.set({ inventory: both });
  await until(
    'writes moved',
    async () => (await send(url, '/inventory/a', { method: 'POST' })).status === 503,
  );
  const held = { contexts: ['inventory'], by: 'ada', consent: 'hold-writes' };
  expect((await order(gateway, '/kill', held)).status).toBe(200);
  await send(url, '/inventory/a', { method: 'POST', headers: { 'x-last': '1' } });
  const write = (await lines(4)).at(-1)!;
  expect(write).toMatchObject({ status: 503, kind: 'write', killed: true, context: 'inventory' });
  expect(write.reason).toMatch(/killed/);
  expect(write).not.toHaveProperty('upstream');

  source.set({ inventory: { reads: { stage: 'retired' } } });
  await until('it is retired', async () => (await send(url, '/inventory/a')).status === 410);
  const all = await lines(5);
  const gone = await until('its line', () => all.find(({ status }) => status === 410));
  expect(gone).toMatchObject({ status: 410, stage: 'retired', reason: 'reads retired → 410' });
  expect(gone).not.toHaveProperty('upstream');
});

test('a client that goes away leaves a line without a status', async () => {
  const upstream = await startRaw((socket) => socket.on('data', () => {}));
  const { url, lines } = await logging(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource(),
  );
  const { hostname, port } = new URL(url);
  const client = connect(Number(port), hostname);
  client.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n');
  await until('the upstream has it', () => upstream.sockets()[0]?.bytesRead);
  client.destroy();
  const [line] = await lines(1);
  expect(line).toMatchObject({ path: '/slow', side: 'client', phase: 'head' });
  expect(line).not.toHaveProperty('status');
});

test('an upstream that breaks off in the body says so beside the status that the client got', async () => {
  const upstream = await startRaw((socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setImmediate(() => socket.destroy());
    }),
  );
  const { url, lines } = await logging(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource(),
  );
  await expect(send(url)).rejects.toThrow();
  expect((await lines(1))[0]).toMatchObject({ status: 200, side: 'upstream', phase: 'body' });
});

test('what is refused has a line: no request at all, unsafe framing, CONNECT, a body that is too long', async () => {
  const { config } = await shop();
  const { url, lines } = await logging(withLimits(config, { maxBody: 10 }), memorySource());
  await sendRaw(url, 'GET /a?secret=1 HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n');
  await sendRaw(url, 'POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n');
  await sendRaw(url, 'CONNECT shop:443 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await sendRaw(url, 'POST /inventory/a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n');
  const all = await lines(4);
  expect(all.map(({ method, path, status, limit, side }) => [method, path, status, limit, side])).toEqual([
    ['GET', '/a', 400, 'malformed', 'client'],
    ['POST', '/b', 501, 'malformed', 'client'],
    ['CONNECT', 'shop:443', 501, 'tunnel', 'client'],
    ['POST', '/inventory/a', 413, 'body-size', undefined],
  ]);
  expect(all[3]).toMatchObject({ context: 'inventory', kind: 'write' });
  expect(JSON.stringify(all)).not.toContain('secret');
});

test('a body that turns out too long on its way is one line, with its limit', async () => {
  const { config } = await shop();
  const { url, lines } = await logging(withLimits(config, { maxBody: 10 }), memorySource());
  const chunk = `20\r\n${'x'.repeat(32)}\r\n`;
  const answer = await sendRaw(
    url,
    `POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
  await send(url, '/b');
  const all = await lines(2);
  expect(all).toHaveLength(2);
  expect(all[0]).toMatchObject({ path: '/a', status: 413, limit: 'body-size', side: 'client' });
});

test('a WebSocket has its line when it ends, with how long it was open', async () => {
  const upstream = await startUpstream('up');
  const sockets = new WebSocketServer({ server: upstream.server });
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(message)));
  const { url, lines } = await logging(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource({ inventory: { reads: { stage: 'extracted' } } }),
  );
  const client = new WebSocket(`${url.replace('http', 'ws')}/stock/abc?x=1`);
  await new Promise((resolve) => client.once('open', resolve));
  const opened = performance.now();
  client.send('x'.repeat(2_000));
  await new Promise((resolve) => client.once('message', resolve));
  await send(url, '/other');
  expect(await lines(1)).toHaveLength(1);
  await until('it was open for a while', () => performance.now() - opened > 100);
  client.close();
  const line = (await lines(2))[1]!;
  expect(line).toMatchObject({ method: 'GET', status: 101, path: '/stock/abc', route: 'GET /stock/:sku' });
  expect(line).toMatchObject({ host: new URL(url).host, upstream: 'inventory' });
  expect(line.ms!.total).toBeGreaterThan(100);
  expect(line.sent).toBeGreaterThan(2_000);
  expect(line.received).toBeGreaterThan(2_000);
});

test('an upgrade that the upstream turns down, that the monolith answers instead, or that fails, says so', async () => {
  const turned = await startUpstream('up');
  const nobody = await closedUrl();
  const source = () => memorySource({ inventory: { reads: { stage: 'extracted' } } });
  const { url, lines } = await logging(
    await shopConfig({ monolith: turned.url, inventory: nobody }),
    source(),
  );
  expect(await sendRaw(url, upgradeTo('/a'))).toMatch(/^HTTP\/1.1 200 /);
  expect(await sendRaw(url, upgradeTo('/inventory/a'))).toMatch(/^HTTP\/1.1 200 /);
  const [down, instead] = await lines(2);
  expect(down).toMatchObject({ path: '/a', status: 200, upstream: 'monolith' });
  expect(instead).toMatchObject({
    path: '/inventory/a',
    status: 200,
    upstream: 'monolith',
    fallback: 'failed',
  });
  const alone = await logging(await shopConfig({ monolith: nobody, inventory: nobody }), source());
  expect(await sendRaw(alone.url, upgradeTo('/a'))).toMatch(/^HTTP\/1.1 502 /);
  const [failed] = await alone.lines(1);
  expect(failed).toMatchObject({ path: '/a', status: 502, side: 'upstream', phase: 'connect', tries: 2 });
});

test('of fast successes a sample is written, of failures and slow ones all', async () => {
  const { config } = await shop((request, response) => {
    if (request.url === '/slow') return void setTimeout(() => response.end(), 1_100);
    response.statusCode = Number(request.url!.slice(1));
    response.end();
  });
  const { url, lines } = await logging(config, memorySource(), { sample: 0, slow: '1s' });
  for (const target of ['/200', '/404', '/500', '/slow', '/200']) await send(url, target);
  const all = await lines(2);
  expect(all.map(({ path }) => path)).toEqual(['/500', '/slow']);
});

test('in canary the line names stage and reason', async () => {
  const { config } = await shop();
  const { url, lines } = await logging(config, memorySource({ inventory: canary }));
  await send(url, '/inventory/a', { headers: { cookie: 'sid=ada' } });
  const [line] = await lines(1);
  expect(line).toMatchObject({ stage: 'canary' });
  expect(line!.reason).toMatch(/^reads canary 50 %: cohort 0\.\d+ (<|>=) 0\.5 → (monolith|extracted)$/);
});

test('nothing of a client’s own breaks a line', async () => {
  const { config } = await shop();
  const { url, lines } = await logging(config, memorySource(), { query: true });
  await sendRaw(url, 'GET /a"},{"b":"%0a\\n?"}{ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  await send(url, `/${'x'.repeat(5_000)}`);
  const [odd, long] = await lines(2);
  expect(odd).toMatchObject({ path: '/a"},{"b":"%0a\\n', query: '"}{' });
  expect(long!.path).toHaveLength(2_049);
});

test('off, nothing is written; without a place of its own, lines go to the log', async () => {
  const { config } = await shop();
  const off = await logging(config, memorySource(), false);
  await send(off.url, '/a');
  const own = await logging(config, memorySource(), true, { accessLog: undefined as never });
  await send(own.url, '/b');
  await until('its line', () => own.gateway.lines.find((line) => line['msg'] === 'request'));
  expect(own.gateway.lines.find((line) => line['msg'] === 'request')).toMatchObject({
    path: '/b',
    status: 200,
  });
  expect(await off.lines(0)).toEqual([]);
});

test('a reload switches it, and the answers’ own fields, on and off between two requests', async () => {
  const { config } = await shop();
  const written: AccessLine[] = [];
  let next = config;
  const gateway = await started(config, memorySource(), {
    readConfig: () => next,
    accessLog: { write: (line) => void written.push(line) },
  });
  await send(gateway.url, '/before');
  next = {
    ...config,
    gateway: { ...config.gateway, accessLog: accessLogSchema.parse(true), answerFields: true },
  };
  expect(await gateway.reload()).toBe('applied');
  expect((await send(gateway.url, '/after')).headers['x-banyan-upstream']).toBe('monolith');
  await sendRaw(gateway.url, 'GET /bad HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n');
  await until('two lines', () => written.length === 2);
  next = config;
  expect(await gateway.reload()).toBe('applied');
  expect((await send(gateway.url, '/last')).headers).not.toHaveProperty('x-banyan-upstream');
  expect(written.map(({ path }) => path)).toEqual(['/after', '/bad']);
});

test('in an Express monolith, what is forwarded or falls back has a line, and what stays in the process none', async () => {
  const inventory = await startUpstream('inventory');
  const config = await shopConfig({ monolith: 'http://127.0.0.1:1', inventory: inventory.url });
  const written: AccessLine[] = [];
  const gateway = await expressGateway({
    config: {
      ...config,
      gateway: { ...config.gateway, accessLog: accessLogSchema.parse(true), answerFields: true },
    },
    source: memorySource({ inventory: { reads: { stage: 'extracted' } } }),
    name: 'shop',
    log: keptLog().log,
    accessLog: { write: (line) => void written.push(line) },
  });
  onTestFinished(() => gateway.stop());
  const app = express();
  app.use(gateway.middleware);
  app.use((_request, response) => void response.status(203).send('monolith'));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect((await send(url, '/own')).headers).not.toHaveProperty('x-banyan-upstream');
  expect((await send(url, '/stock/a')).body).toBe('inventory');
  await inventory.stop();
  const instead = await send(url, '/stock/b');
  expect(instead).toMatchObject({ body: 'monolith', headers: { 'x-banyan-upstream': 'monolith' } });
  await until('two lines', () => written.length === 2);
  expect(written).toMatchObject([
    { path: '/stock/a', status: 200, upstream: 'inventory' },
    { path: '/stock/b', status: 203, upstream: 'monolith', fallback: 'failed' },
  ]);
});
