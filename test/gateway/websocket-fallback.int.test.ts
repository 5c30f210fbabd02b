import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { sendRaw, upgradeTo } from './support/client.ts';
import { failuresOf, metric, shopConfig, started, type Started } from './support/gateway.ts';
import { protectedShop } from './support/protected.ts';
import { closedUrl, startRaw, startUpstream } from './support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const FALLBACKS = 'banyan_gateway_fallbacks_total{context="inventory"}';
const SHED = (cause: string) => `banyan_gateway_shed_total{upstream="inventory",cause="${cause}"}`;

/** An upstream that says its name, and then echoes. */
async function startChat(name: string) {
  const upstream = await startUpstream(name);
  const chat = new WebSocketServer({ server: upstream.server });
  const targets: string[] = [];
  chat.on('connection', (socket, { url }) => {
    targets.push(url!);
    socket.on('error', () => {});
    socket.send(name);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  onTestFinished(() => {
    for (const socket of chat.clients) socket.terminate();
  });
  return { ...upstream, chat, targets };
}

/** One that takes every connection and then does what it is told to. */
const startBroken = (onHead: Parameters<typeof startRaw>[0]) =>
  startRaw((socket) => socket.once('data', () => onHead(socket)));

async function open(gateway: Started, path = '/inventory/a') {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}${path}`);
  const state = { socket, got: [] as string[], status: 0, timing: undefined as unknown };
  socket.on('upgrade', ({ headers }) => (state.timing = headers['server-timing']));
  socket.on('message', (data) => state.got.push(String(data)));
  socket.on('unexpected-response', (_request, answer) => {
    state.status = answer.statusCode!;
    state.timing = answer.headers['server-timing'];
    answer.destroy();
  });
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  await until('an outcome', () => state.got.length > 0 || state.status > 0);
  return state;
}

test('a WebSocket that reads is the monolith’s while the service is down, with everything as the client sent it', async () => {
  const monolith = await startChat('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: await closedUrl() });
  const gateway = await started(config, memorySource(READS));
  const { socket, got, timing } = await open(gateway, '/stock/%61?q=%20');
  expect(got).toEqual(['monolith']);
  expect(timing).toBe('banyan;desc="fallback: failed"');
  const big = 'x'.repeat(3_000_000);
  for (const text of ['a', big]) socket.send(text);
  await until('the echoes', () => got.length === 3);
  expect(got.slice(1)).toEqual(['a', big]);
  expect(monolith.targets).toEqual(['/stock/%61?q=%20']);
  expect(await metric(gateway, FALLBACKS)).toBe(1);
  expect(await metric(gateway, 'banyan_gateway_upgrades_total{upstream="monolith"}')).toBe(1);
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({ msg: 'answered by the monolith instead', context: 'inventory' }),
  );
  expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase: 'connect', upstream: 'inventory' }]);
  socket.close(4001);
  await until('it is closed at the monolith', () => monolith.chat.clients.size === 0);
  expect(failuresOf(gateway)).toHaveLength(1);
});

test.each([
  ['closes without an answer', (socket) => socket.destroy()],
  ['resets', (socket) => socket.resetAndDestroy()],
  ['is too slow', () => {}],
  ['speaks no HTTP', (socket) => socket.write('220 mail.example ESMTP\r\n')],
  ['codes its answer', (socket) => socket.write('HTTP/1.1 400 No\r\nTransfer-Encoding: gzip\r\n\r\nx')],
] as [string, Parameters<typeof startRaw>[0]][])(
  'so is one whose service %s; what the client sent behind its upgrade goes there once',
  async (_how, onHead) => {
    let heard = '';
    const monolith = await startRaw((socket) =>
      socket.on('data', (chunk) => {
        if (heard === '') socket.write(SWITCH);
        heard += chunk.toString();
      }),
    );
    const inventory = await startBroken(onHead);
    const urls = { monolith: monolith.url, inventory: inventory.url };
    const gateway = await started(await shopConfig(urls, { timeout: '300ms' }), memorySource(READS));
    const { hostname, port } = new URL(gateway.url);
    const client = connect(Number(port), hostname);
    onTestFinished(() => void client.destroy());
    let got = '';
    client.on('data', (chunk) => (got += chunk.toString()));
    client.write(`${upgradeTo('/inventory/a')}first`);
    await until('the monolith’s answer', () => got.startsWith('HTTP/1.1 101'));
    client.write(' second');
    await until('all of it', () => heard.endsWith('second'));
    expect(heard.split('\r\n\r\n')[1]).toBe('first second');
    expect(heard).toMatch(/^GET \/inventory\/a HTTP\/1.1\r\n/);
    expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase: 'head', upstream: 'inventory' }]);
    expect(await metric(gateway, FALLBACKS)).toBe(1);
  },
);

test('failed upgrades open the breaker, which then sends them to the monolith at once, and closes when they succeed', async () => {
  const monolith = await startChat('monolith');
  const inventory = await startUpstream('inventory');
  let healthy = false;
  let asked = 0;
  const chat = new WebSocketServer({ noServer: true });
  inventory.server.on('upgrade', (request, socket, head) => {
    asked += 1;
    if (!healthy) return socket.end('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n');
    chat.handleUpgrade(request, socket, head, (page) => page.send('inventory'));
  });
  onTestFinished(() => {
    for (const page of chat.clients) page.terminate();
  });
  const config = await protectedShop(
    { monolith: monolith.url, inventory: inventory.url },
    { inventory: 'breaker: { consecutive: 2, openFor: 300ms, probes: 1 }' },
  );
  const gateway = await started(config, memorySource(READS));
  // The service's own answer is passed on, bad as it is.
  expect((await open(gateway)).status).toBe(500);
  expect((await open(gateway)).status).toBe(500);
  expect(await open(gateway)).toMatchObject({
    got: ['monolith'],
    timing: 'banyan;desc="fallback: breaker open"',
  });
  expect(asked).toBe(2);
  expect(await metric(gateway, SHED('breaker'))).toBe(1);
  healthy = true;
  await until('the service has them again', async () => (await open(gateway)).got[0] === 'inventory');
  expect(await metric(gateway, 'banyan_gateway_breaker_state{upstream="inventory"}')).toBe(0);
});

test('an unhealthy service gets no upgrades', async () => {
  const monolith = await startChat('monolith');
  const inventory = await startUpstream('inventory', (_request, response) => response.writeHead(503).end());
  const config = await protectedShop(
    { monolith: monolith.url, inventory: inventory.url },
    { inventory: 'health: { path: /healthz, every: 50ms, timeout: 50ms, failures: 1 }' },
  );
  const gateway = await started(config, memorySource(READS));
  await until('it is known to be unhealthy', async () => {
    const state = await metric(gateway, 'banyan_gateway_health{upstream="inventory",check="active"}');
    return state === 0;
  });
  expect(await open(gateway)).toMatchObject({
    got: ['monolith'],
    timing: 'banyan;desc="fallback: unhealthy"',
  });
});

test('concurrency bounds upgrades that wait for their answer, not WebSockets that are open', async () => {
  const monolith = await startChat('monolith');
  const waiting: (() => void)[] = [];
  const inventory = await startBroken((socket) => waiting.push(() => socket.write(SWITCH)));
  const config = await protectedShop(
    { monolith: monolith.url, inventory: inventory.url },
    { inventory: 'concurrency: 1' },
  );
  const gateway = await started(config, memorySource(READS));
  const { hostname, port } = new URL(gateway.url);
  const clients = [0, 1].map(() => {
    const client = connect(Number(port), hostname);
    onTestFinished(() => void client.destroy());
    return client;
  });
  for (const [index, client] of clients.entries()) {
    let got = '';
    client.on('data', (chunk) => (got += chunk.toString()));
    client.write(upgradeTo('/inventory/a'));
    await until('it is with the service', () => waiting.length === index + 1);
    // What is too much for the service is not the monolith's.
    expect(await sendRaw(gateway.url, upgradeTo('/inventory/a'))).toMatch(
      /^HTTP\/1.1 503 [^]*retry-after: 1\r\n/i,
    );
    waiting[index]!();
    await until('it is open', () => got.startsWith('HTTP/1.1 101'));
  }
  expect(await metric(gateway, SHED('concurrency'))).toBe(2);
  expect(monolith.targets).toEqual([]);
});

test.each([
  ['declared a write', '/inventory/a/touch', BOTH, true],
  ['of a context whose writes have moved', '/inventory/a', BOTH, true],
  ['of a context that forbids it', '/inventory/a', READS, false],
])('an upgrade %s is never the monolith’s: 502', async (_which, path, stages, fallback) => {
  const monolith = await startChat('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: await closedUrl() });
  const contexts = { inventory: { ...config.contexts['inventory']!, fallback } };
  const gateway = await started({ ...config, contexts }, memorySource(stages));
  expect((await open(gateway, path)).status).toBe(502);
  expect(monolith.targets).toEqual([]);
});

test('a refusal is the service’s answer, and a client that goes away is nobody’s', async () => {
  const monolith = await startChat('monolith');
  const answers = [
    'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 503 Later\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n',
  ];
  let silent = 0;
  const inventory = await startBroken((socket) => {
    const answer = answers.shift();
    if (answer) return void socket.end(answer);
    silent += 1;
  });
  const urls = { monolith: monolith.url, inventory: inventory.url };
  const gateway = await started(await shopConfig(urls), memorySource(READS));
  expect((await open(gateway)).status).toBe(401);
  expect((await open(gateway)).status).toBe(503);
  const { hostname, port } = new URL(gateway.url);
  const client = connect(Number(port), hostname);
  client.write(upgradeTo('/inventory/a'));
  await until('it is with the service', () => silent === 1);
  client.destroy();
  await until('it is told', () => failuresOf(gateway).length === 1);
  expect(failuresOf(gateway)).toMatchObject([{ side: 'client', phase: 'head' }]);
  expect(monolith.targets).toEqual([]);
  expect(await metric(gateway, FALLBACKS)).toBe(0);
});

test('where both are down it is 502, with both reported', async () => {
  const down = await closedUrl();
  const gateway = await started(await shopConfig({ monolith: down, inventory: down }), memorySource(READS));
  expect(await open(gateway)).toMatchObject({
    status: 502,
    timing: 'banyan;desc="fallback: failed"',
  });
  expect(failuresOf(gateway)).toMatchObject([{ upstream: 'inventory' }, { upstream: 'monolith' }]);
});
