import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { expressGateway, type ExpressGateway } from '../../gateway/express.ts';
import { memorySource, type MemorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send, upgradeTo } from './support/client.ts';
import { keptLog, shopConfig } from './support/gateway.ts';
import { closedUrl, startRaw, startUpstream } from './support/upstream.ts';

/** An Express monolith with the gateway inside; `early` comes before the gateway, `own` is what the monolith answers. */
async function startShop(
  source: MemorySource,
  inventoryUrl: string,
  early?: express.RequestHandler,
  own?: express.RequestHandler,
) {
  const written = await shopConfig(
    { monolith: 'http://127.0.0.1:1', inventory: inventoryUrl },
    { timeout: '500ms' },
  );
  const inventory = written.contexts['inventory']!;
  const shadow = { ...inventory.shadow, sample: 1 };
  const config = { ...written, contexts: { inventory: { ...inventory, shadow } } };
  const gateway = await expressGateway({ config, source, name: 'shop', log: keptLog().log });
  onTestFinished(() => gateway.stop());
  const app = express();
  if (early) app.use(early);
  app.use('/inventory', gateway.middleware);
  app.use(gateway.middleware);
  app.use(express.text({ type: () => true }));
  if (own) app.use(own);
  app.use((request, response) => {
    response.send(`monolith ${request.method} ${request.url} ${String(request.body ?? '')}`);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { stateDir } = config.gateway;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, gateway, server, stateDir, config };
}

const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

test('in an Express monolith, what is extracted is forwarded and everything else goes on to next()', async () => {
  const inventory = await startUpstream('inventory');
  const { url } = await startShop(memorySource(EXTRACTED), inventory.url);
  expect((await send(url, '/inventory/%61?q=%20')).body).toBe('inventory');
  expect((await send(url, '/stock/abc?q=1')).body).toBe('inventory');
  expect(inventory.seen.map(({ target }) => target)).toEqual(['/inventory/a?q=%20', '/v2/items/abc?q=1']);
  expect((await send(url, '/other//x?y')).body).toBe('monolith GET /other//x?y ');
  expect((await send(url, '/inventory/a', { method: 'POST', body: 'hi' })).body).toBe(
    'monolith POST /inventory/a hi',
  );
});

test('a change of stage is in force in the monolith’s process', async () => {
  const inventory = await startUpstream('inventory');
  const source = memorySource();
  const { url, gateway } = await startShop(source, inventory.url);
  expect((await send(url, '/stock/a')).body).toBe('monolith GET /stock/a ');
  source.set({ inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } });
  await until('extracted', async () => (await send(url, '/stock/a')).body === 'inventory');
  await send(url, '/inventory/a', { method: 'POST', body: 'hi' });
  expect(inventory.seen.at(-1)).toMatchObject({ method: 'POST', target: '/inventory/a', body: 'hi' });
  expect(await gateway.metrics.metrics()).toContain('banyan_gateway_revision 2');
  expect(gateway.notReady()).toBeUndefined();
});

test('a read whose service is down goes on to next(), and the answer says so; a write doesn’t', async () => {
  const source = memorySource(EXTRACTED);
  const { url, gateway } = await startShop(source, await closedUrl());
  const read = await send(url, '/stock/a?x');
  expect(read).toMatchObject({
    body: 'monolith GET /stock/a?x ',
    headers: { 'server-timing': 'banyan;desc="fallback: failed"' },
  });
  for (let request = 0; request < 5; request += 1) await send(url, '/stock/a');
  expect(gateway.upstreams()).toMatchObject({ inventory: { breaker: { state: 'open' } } });
  expect(await send(url, '/stock/a')).toMatchObject({
    body: 'monolith GET /stock/a ',
    headers: { 'server-timing': 'banyan;desc="fallback: breaker open"' },
  });
  source.set({ inventory: { writes: { stage: 'extracted' } } });
  await until('writes are the service’s', async () =>
    [502, 503].includes((await send(url, '/inventory/a', { method: 'POST', body: 'hi' })).status),
  );
  expect((await send(url, '/inventory/a', { method: 'POST', body: 'hi' })).body).toBe(
    '503 Service Unavailable\n',
  );
});

test('a body that was read before the gateway is an error that says where to mount it, not a request that hangs', async () => {
  const inventory = await startUpstream('inventory');
  const source = memorySource({ inventory: { writes: { stage: 'extracted' } } });
  const { url } = await startShop(source, inventory.url, express.text({ type: () => true }));
  const answer = await send(url, '/inventory/a', { method: 'POST', body: 'hi' });
  expect(answer.status).toBe(500);
  expect(answer.body).toContain('mount the gateway before whatever reads bodies');
  expect(inventory.seen).toEqual([]);
});

test('WebSocket upgrades of an extracted context are forwarded, others are the monolith’s', async () => {
  const inventory = await startUpstream('inventory');
  new WebSocketServer({ server: inventory.server }).on('connection', (socket) => socket.send('inventory'));
  const { url, gateway, server } = await startShop(memorySource(EXTRACTED), inventory.url);
  const own = new WebSocketServer({ noServer: true }).on('connection', (socket) => socket.send('monolith'));
  gateway.onUpgrade(server, (request, socket, head) =>
    own.handleUpgrade(request, socket, head, (client) => own.emit('connection', client, request)),
  );
  for (const [path, name] of [
    ['/inventory/a', 'inventory'],
    ['/chat', 'monolith'],
  ]) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`);
    const got: string[] = [];
    socket.on('message', (data) => got.push(String(data)));
    await until('the greeting', () => got.length === 1);
    expect(got).toEqual([name]);
    socket.terminate();
  }
});

test('a WebSocket whose service fails is handed to the monolith, with what the client has sent already', async () => {
  const inventory = await startRaw((socket) => socket.once('data', () => socket.destroy()));
  const { url, gateway, server } = await startShop(memorySource(EXTRACTED), inventory.url);
  let heard = '';
  gateway.onUpgrade(server, (request, socket, head) => {
    heard = `${request.url} ${request.headers.host} ${head.toString()}`;
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.on('data', (chunk) => (heard += chunk.toString()));
  });
  const { hostname, port } = new URL(url);
  const client = connect(Number(port), hostname);
  onTestFinished(() => void client.destroy());
  let got = '';
  client.on('data', (chunk) => (got += chunk.toString()));
  client.write(`${upgradeTo('/stock/a?x')}first`);
  await until('the monolith’s answer', () => got.startsWith('HTTP/1.1 101'));
  client.write(' second');
  await until('all of it', () => heard.endsWith('second'));
  expect(heard).toBe('/stock/a?x shop first second');
  expect(await gateway.metrics.metrics()).toContain('banyan_gateway_fallbacks_total{context="inventory"} 1');
});

test('the kill file works in the monolith’s process, which has no ops port; a held write is not the monolith’s either', async () => {
  const inventory = await startUpstream('inventory');
  const stages = { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } as const;
  const { url, stateDir } = await startShop(memorySource({ inventory: stages }), inventory.url);
  expect((await send(url, '/stock/a')).body).toBe('inventory');
  await mkdir(stateDir, { recursive: true });
  await writeFile(join(stateDir, 'kill'), 'inventory hold-writes\n');
  await until('killed', async () => (await send(url, '/stock/a')).body === 'monolith GET /stock/a ');
  expect((await send(url, '/inventory/a', { method: 'POST', body: 'hi' })).status).toBe(503);
  await writeFile(join(stateDir, 'kill'), 'inventory release\n');
  await until('released', async () => (await send(url, '/stock/a')).body === 'inventory');
});

const SHADOW = { inventory: { reads: { stage: 'shadow' } } } as const;
const countsOf = (gateway: ExpressGateway) =>
  gateway.shadow().contexts[0]!.routes.reduce<Record<string, number>>((all, { counts }) => {
    for (const [outcome, count] of Object.entries(counts)) all[outcome] = (all[outcome] ?? 0) + count;
    return all;
  }, {});

test('a shadowed read is answered in the process, and compared with the service’s answer however it is written', async () => {
  const bodies: Record<string, string> = { '/inventory/a': 'one two', '/inventory/b': 'other' };
  const inventory = await startUpstream('inventory', (request, response) =>
    response.setHeader('content-type', 'text/plain; charset=utf-8').end(bodies[request.url!] ?? 'json'),
  );
  const answered: string[] = [];
  const { url, gateway } = await startShop(
    memorySource(SHADOW),
    inventory.url,
    undefined,
    (request, response) => {
      answered.push(request.url);
      response.type('text/plain');
      if (request.query['in'] === 'parts') {
        response.writeHead(200);
        response.write('one ');
        response.write(Buffer.from('tw'));
        return response.end('o');
      }
      if (request.query['in'] === 'latin') return response.end('one two', 'latin1');
      response.send('one two');
    },
  );
  const read = (target: string, method = 'GET') => send(url, target, { method });
  bodies['/inventory/a?in=parts'] = bodies['/inventory/a?in=latin'] = 'one two';
  for (const target of ['/inventory/a', '/inventory/a?in=parts', '/inventory/a?in=latin'])
    expect(await read(target)).toMatchObject({ status: 200, body: 'one two' });
  await until('three matches', () => countsOf(gateway)['match'] === 3);
  expect((await read('/inventory/b')).body).toBe('one two');
  await until('a mismatch', () => countsOf(gateway)['mismatch'] === 1);
  expect((await read('/inventory/a', 'HEAD')).body).toBe('');
  await until('a match of heads', () => countsOf(gateway)['match'] === 4);
  // Each was asked for once, though the gateway is mounted twice; the monolith never again.
  expect(inventory.seen.map(({ method, target }) => `${method} ${target}`)).toEqual([
    'GET /inventory/a',
    'GET /inventory/a?in=parts',
    'GET /inventory/a?in=latin',
    'GET /inventory/b',
    'HEAD /inventory/a',
  ]);
  expect(inventory.seen.every(({ fields }) => fields.includes('X-Banyan-Shadow'))).toBe(true);
  expect(answered).toHaveLength(5);
});

test('a service that is dead, or hangs, changes nothing for whoever is shadowed in the process', async () => {
  const silent = await startRaw(() => {});
  const { url, gateway } = await startShop(memorySource(SHADOW), silent.url);
  for (let turn = 0; turn < 5; turn += 1)
    expect(await send(url, '/stock/a')).toMatchObject({ status: 200, body: 'monolith GET /stock/a ' });
  expect(countsOf(gateway)['match'] ?? 0).toBe(0);
  await gateway.stop();
});

test('the monolith’s own Server-Timing stands beside what the gateway says', async () => {
  const { url } = await startShop(
    memorySource(EXTRACTED),
    await closedUrl(),
    undefined,
    (_request, response) => {
      response.set('Server-Timing', 'db;dur=3').send('own');
    },
  );
  const { headers, body } = await send(url, '/inventory/a');
  expect(body).toBe('own');
  expect(headers['server-timing']).toBe('db;dur=3, banyan;desc="fallback: failed"');
});

test('another configuration is put in force in the process, or refused as a whole', async () => {
  const [first, second] = [await startUpstream('first'), await startUpstream('second')];
  const { url, gateway, config } = await startShop(memorySource(EXTRACTED), first.url);
  expect((await send(url, '/stock/a')).body).toBe('first');
  const { inventory, monolith } = config.upstreams;
  const moved = {
    ...config,
    upstreams: { monolith: monolith!, inventory: { ...inventory!, url: second.url } },
  };
  expect(await gateway.reload(moved)).toBe('applied');
  expect((await send(url, '/stock/a')).body).toBe('second');
  expect(await gateway.reload(moved)).toBe('unchanged');
  const elsewhere = { ...config, gateway: { ...config.gateway, stateDir: '/elsewhere' } };
  expect(await gateway.reload(elsewhere)).toBe('refused');
  expect((await send(url, '/stock/a')).body).toBe('second');
});
