import { Agent } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Config, ShadowPage } from '../../contexts/index.ts';
import { configOf } from '../contexts/sample.ts';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { freshFolder, metric, shopConfig, started } from './support/gateway.ts';
import { startUpstream } from './support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;

/** A gateway whose next configuration a test writes. */
async function reloadable(config: Config, source = memorySource(READS), more: object = {}) {
  const next: { read: () => Config } = { read: () => config };
  const gateway = await started(config, source, { readConfig: () => next.read(), ...more });
  const take = (changed: Config) => {
    next.read = () => changed;
    return gateway.reload();
  };
  return { gateway, take, next };
}

const withUpstream = (config: Config, name: string, url: string): Config => ({
  ...config,
  upstreams: { ...config.upstreams, [name]: { url } },
});

test('another configuration is taken over between two requests; none is lost, and those under way end as they began', async () => {
  const waiting: (() => void)[] = [];
  const old = await startUpstream('old', (request, response) => {
    if (request.url === '/inventory/slow') waiting.push(() => response.end('old, at last'));
    else response.end('old');
  });
  const fresh = await startUpstream('fresh');
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: old.url });
  const other = withUpstream(config, 'inventory', fresh.url);
  const { gateway, take } = await reloadable(config);
  const slow = send(gateway.url, '/inventory/slow');
  await until('a request is under way', () => waiting.length === 1);

  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(() => agent.destroy());
  const bodies: string[] = [];
  let busy = true;
  const clients = Array.from({ length: 8 }, async () => {
    while (busy) {
      const { status, body } = await send(gateway.url, '/inventory/a', { agent });
      bodies.push(`${status} ${body}`);
    }
  });
  await until('requests come', () => bodies.length > 20);
  for (let round = 0; round < 10; round += 1) {
    const before = bodies.length;
    expect(await take(round % 2 === 0 ? other : config)).toBe('applied');
    await until('more requests came', () => bodies.length > before + 20);
  }
  expect(await take(other)).toBe('applied');
  const before = bodies.length;
  await until('all have seen it', () => bodies.length > before + 20);
  busy = false;
  await Promise.all(clients);
  expect(new Set(bodies)).toEqual(new Set(['200 old', '200 fresh']));
  expect((await send(gateway.url, '/inventory/a')).body).toBe('fresh');

  waiting[0]!();
  expect(await slow).toMatchObject({ status: 200, body: 'old, at last' });
  await until('nothing is kept of the upstream that is gone', async () => {
    const { length } = await new Promise<{ length: number }>((resolve) =>
      old.server.getConnections((_error, count) => resolve({ length: count })),
    );
    return length === 0;
  });
  expect(await metric(gateway, 'banyan_gateway_reloads_total{outcome="applied"}')).toBe(11);
});

test('a read under way falls back to the monolith of its own configuration', async () => {
  const failing: (() => void)[] = [];
  const inventory = await startUpstream('inventory', (_request, response) => {
    failing.push(() => response.destroy());
  });
  const monolith = await startUpstream('monolith');
  const next = await startUpstream('next');
  const config = await shopConfig({ monolith: monolith.url, inventory: inventory.url });
  const { gateway, take } = await reloadable(config);
  const read = send(gateway.url, '/inventory/a');
  await until('it is under way', () => failing.length === 1);
  const other = withUpstream(withUpstream(config, 'monolith', next.url), 'inventory', next.url);
  expect(await take(other)).toBe('applied');
  failing[0]!();
  // The pooled connection that broke may have been stale: the read is sent once more.
  await Promise.race([read, until('a second try', () => failing.length === 2).then(() => failing[1]!())]);
  expect(await read).toMatchObject({ status: 200, body: 'monolith' });
});

test('with a mistake in it, or a field that needs a restart, nothing of a configuration is applied', async () => {
  const old = await startUpstream('old');
  const config = await shopConfig({ monolith: old.url, inventory: old.url });
  const other = withUpstream(config, 'inventory', 'http://127.0.0.1:1');
  const { gateway, take, next } = await reloadable(config);
  const inForce = gateway.config();
  next.read = () => configOf('monolith: 5\nupstreams: { a: { url: nowhere } }');
  expect(await gateway.reload()).toBe('refused');
  expect(gateway.lines.at(-1)).toMatchObject({
    level: 50,
    msg: 'the configuration can’t be used; the one before stays in force',
    mistakes: expect.arrayContaining([
      expect.stringContaining('monolith: '),
      expect.stringContaining('upstreams.a.url: '),
    ]),
  });
  const restart = { ...other, gateway: { ...other.gateway, listen: '127.0.0.1:1', stateDir: '/elsewhere' } };
  expect(await take(restart)).toBe('refused');
  expect(gateway.lines.at(-1)).toMatchObject({ fields: ['gateway.listen', 'gateway.stateDir'] });
  const unreadable = {
    ...other,
    upstreams: { ...other.upstreams, more: { url: 'https://h', tls: { ca: '/nowhere.pem' } } },
  };
  expect(await take(unreadable)).toBe('refused');
  expect(gateway.config()).toBe(inForce);
  expect((await send(gateway.url, '/inventory/a')).body).toBe('old');
  expect(await metric(gateway, 'banyan_gateway_reloads_total{outcome="refused"}')).toBe(3);
  expect(await take(config)).toBe('unchanged');
});

test('a context whose writes are extracted can’t be taken away by a reload', async () => {
  const old = await startUpstream('old');
  const config = await shopConfig({ monolith: old.url, inventory: old.url });
  const source = memorySource({ inventory: { writes: { stage: 'extracted' } } });
  const { gateway, take } = await reloadable(config, source);
  expect(await take({ ...config, contexts: {} })).toBe('refused');
  expect(gateway.lines.at(-1)).toMatchObject({ level: 50, contexts: ['inventory'] });
});

test('limits, trusted proxies and routes are taken over, too, and an upstream that hasn’t changed keeps its connections', async () => {
  const monolith = await startUpstream('monolith', (request, response) =>
    response.end(`${request.headers['x-forwarded-for']}`),
  );
  const inventory = await startUpstream('inventory');
  const config = await shopConfig({ monolith: monolith.url, inventory: inventory.url });
  const { gateway, take } = await reloadable(config);
  const field = { headers: { 'x-forwarded-for': '192.0.2.1' } };
  expect((await send(gateway.url, '/', field)).body).toBe('127.0.0.1');
  let opened = 0;
  monolith.server.on('connection', () => (opened += 1));
  const contexts = {
    inventory: { ...config.contexts['inventory']!, routes: [{ match: 'GET /goods/:sku' }] },
  } as Config['contexts'];
  const limits = { ...config.gateway.limits, fields: 20, maxBody: 10 };
  expect(await take({ ...config, contexts, gateway: { ...config.gateway, limits } })).toBe('applied');
  expect((await send(gateway.url, '/goods/a')).body).toBe('inventory');
  expect((await send(gateway.url, '/inventory/a')).body).toBe('127.0.0.1');
  expect(opened).toBe(0);
  expect((await send(gateway.url, '/', { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
  const fields = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`x-${index}`, '1']));
  expect((await send(gateway.url, '/', { headers: fields })).status).toBe(431);
  const trusting = { ...config.gateway, trustedProxies: ['127.0.0.1'] };
  expect(await take({ ...config, gateway: trusting })).toBe('applied');
  expect((await send(gateway.url, '/', field)).body).toBe('192.0.2.1, 127.0.0.1');
  expect((await send(gateway.url, '/', { headers: fields })).status).toBe(200);
});

test('a WebSocket outlives the configuration that it began with, and is closed at the stop', async () => {
  const monolith = await startUpstream('monolith');
  const sockets = new WebSocketServer({ server: monolith.server });
  onTestFinished(() => sockets.close());
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${String(data)}`)));
  const next = await startUpstream('next');
  const config = await shopConfig({ monolith: monolith.url, inventory: monolith.url });
  const { gateway, take } = await reloadable(config);
  const client = new WebSocket(gateway.url.replace('http', 'ws'));
  onTestFinished(() => client.terminate());
  const got: string[] = [];
  client.on('message', (data) => got.push(String(data))).on('error', () => {});
  await new Promise((resolve) => client.once('open', resolve));
  expect(await take(withUpstream(config, 'monolith', next.url))).toBe('applied');
  client.send('still here');
  await until('the echo', () => got.length === 1);
  await gateway.stop();
  await until('it is closed', () => client.readyState === WebSocket.CLOSED);
});

test('a file that changes is read by itself, when it is written whole', async () => {
  const monolith = await startUpstream('monolith');
  const file = join(await freshFolder(), 'banyan.yaml');
  await writeFile(file, 'first');
  const config = await shopConfig({ monolith: monolith.url, inventory: monolith.url });
  const { gateway, next } = await reloadable(config, memorySource(READS), { watched: [file] });
  const other = await startUpstream('other');
  next.read = () => withUpstream(config, 'inventory', other.url);
  await until('the watch has begun and sees a change', async () => {
    await writeFile(file, String(Math.random()).padEnd(20));
    return until(
      'the other answers',
      async () => (await send(gateway.url, '/inventory/a')).body === 'other',
      4_000,
      100,
    );
  });
});

test('what comparing found out of a context outlives a reload that changes another one', async () => {
  const [monolith, service] = [await startUpstream('same'), await startUpstream('same')];
  const yaml = (more: string, window: string) => `
gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(folder)} }
upstreams: { monolith: { url: ${monolith.url} }, one: { url: ${service.url} }, two: { url: ${service.url}${more} } }
contexts:
  one: { upstream: one, reads: shadow, shadow: { sample: 1 }, routes: [GET /one/:id] }
  two: { upstream: two, reads: shadow, shadow: { sample: 1${window} }, routes: [GET /two/:id] }
`;
  const folder = await freshFolder();
  const shadow = { reads: { stage: 'shadow' } } as const;
  const { gateway, take } = await reloadable(
    configOf(yaml('', '')),
    memorySource({ one: shadow, two: shadow }),
  );
  const matches = async () => {
    const page = (await (await fetch(`${gateway.opsUrl}/shadow`)).json()) as ShadowPage;
    return page.contexts.map(({ routes }) => routes[0]!.counts.match);
  };
  const read = async () => {
    for (const target of ['/one/a', '/two/a']) await send(gateway.url, target);
  };
  await read();
  await until('both', async () => (await matches()).join() === '1,1');
  expect(await take(configOf(yaml(', timeout: 9s', '')))).toBe('applied');
  expect(await matches()).toEqual([1, 0]);
  await read();
  await until('one goes on', async () => (await matches()).join() === '2,1');
  expect(await take(configOf(yaml(', timeout: 9s', ', window: 1h')))).toBe('applied');
  await read();
  await until('it does so again', async () => (await matches()).join() === '3,1');
  expect(await metric(gateway, 'banyan_gateway_shadow_total{context="one",outcome="match"}')).toBe(3);
});
