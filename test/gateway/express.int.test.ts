import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { expressGateway } from '../../gateway/express.ts';
import { memorySource, type MemorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { keptLog, shopConfig } from './support/gateway.ts';
import { closedUrl, startUpstream } from './support/upstream.ts';

/** An Express monolith with the gateway inside; `early` comes before the gateway. */
async function startShop(source: MemorySource, inventoryUrl: string, early?: express.RequestHandler) {
  const config = await shopConfig(
    { monolith: 'http://127.0.0.1:1', inventory: inventoryUrl },
    { timeout: '500ms' },
  );
  const gateway = await expressGateway({ config, source, name: 'shop', log: keptLog().log });
  onTestFinished(() => gateway.stop());
  const app = express();
  if (early) app.use(early);
  app.use('/inventory', gateway.middleware);
  app.use(gateway.middleware);
  app.use(express.text({ type: () => true }));
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, gateway, server, stateDir };
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
