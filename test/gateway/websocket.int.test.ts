import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send, sendRaw, upgradeTo } from './support/client.ts';
import { metric, shopConfig, started } from './support/gateway.ts';
import { startUpstream } from './support/upstream.ts';

/** An upstream that says its name and the target, and then echoes. */
async function startChat(name: string) {
  const upstream = await startUpstream(name);
  const chat = new WebSocketServer({ server: upstream.server });
  const heads: { target: string; headers: Record<string, unknown> }[] = [];
  chat.on('connection', (socket, { url, headers }) => {
    heads.push({ target: url!, headers });
    socket.on('error', () => {});
    socket.send(name);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  onTestFinished(() => {
    for (const socket of chat.clients) socket.terminate();
  });
  return { ...upstream, chat, heads };
}

function open(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  const got: string[] = [];
  let closed: number | undefined;
  socket.on('message', (data) => got.push(String(data)));
  socket.on('close', (code) => (closed = code));
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  return { socket, got, closed: () => closed };
}

const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

test('the very first request of a gateway may be a WebSocket, and goes where its context’s stage says', async () => {
  const monolith = await startChat('monolith');
  const inventory = await startChat('inventory');
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: inventory.url }),
    memorySource(EXTRACTED),
  );
  const extracted = open(`${gateway.url}/x/../stock/%61?q=%20`);
  await until('the service answers', () => extracted.got.length === 1);
  expect(extracted.got).toEqual(['inventory']);
  expect(inventory.heads[0]!.target).toBe('/v2/items/a?q=%20');

  const legacy = open(`${gateway.url}/chat//room?x=%7E`, { 'x-forwarded-for': '1.2.3.4', 'x-a': '1' });
  await until('the monolith answers', () => legacy.got.length === 1);
  expect(legacy.got).toEqual(['monolith']);
  expect(monolith.heads[0]!.target).toBe('/chat//room?x=%7E');
  expect(monolith.heads[0]!.headers).toMatchObject({
    host: gateway.url.replace('http://', ''),
    'x-a': '1',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    via: '1.1 banyan',
  });
  expect(await metric(gateway, 'banyan_gateway_upgrades_total{upstream="inventory"}')).toBe(1);
});

test('messages of any size go both ways, in order', async () => {
  const monolith = await startChat('monolith');
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: monolith.url }),
    memorySource(),
  );
  const { socket, got } = open(gateway.url);
  await until('open', () => got.length === 1);
  const big = 'x'.repeat(5_000_000);
  for (const text of ['a', big, 'b']) socket.send(text);
  await until('the echoes', () => got.length === 4);
  expect(got).toEqual(['monolith', 'a', big, 'b']);
});

test('a percentage is sticky for WebSockets too', async () => {
  const monolith = await startChat('monolith');
  const inventory = await startChat('inventory');
  const source = memorySource({ inventory: { reads: { stage: 'canary', percent: 50 } } });
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: inventory.url }),
    source,
  );
  for (let index = 0; index < 20; index += 1) {
    const headers = { cookie: `sid=c${index}` };
    const { got } = open(`${gateway.url}/inventory/a`, headers);
    await until('the greeting', () => got.length === 1);
    expect(got[0]).toBe((await send(gateway.url, '/inventory/a', { headers })).body);
  }
});

test('either end’s close reaches the other', async () => {
  const monolith = await startChat('monolith');
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: monolith.url }),
    memorySource(),
  );
  const one = open(gateway.url);
  await until('open', () => one.got.length === 1);
  one.socket.close(4001);
  await until('the upstream’s socket is gone', () => monolith.chat.clients.size === 0);
  expect(one.closed()).toBe(4001);

  const two = open(gateway.url);
  await until('open', () => two.got.length === 1);
  two.socket.terminate();
  await until('the upstream’s socket is gone', () => monolith.chat.clients.size === 0);

  const three = open(gateway.url);
  await until('open', () => three.got.length === 1);
  for (const socket of monolith.chat.clients) socket.terminate();
  await until('the client’s socket is gone', () => three.closed() === 1006);
});

test.each(['http://shop/ws?x', '/ws//a%2Fb?x', '//shop/ws'])(
  'the monolith gets an upgrade’s target byte for byte: %s',
  async (target) => {
    const monolith = await startUpstream('monolith');
    const targets: string[] = [];
    monolith.server.on('upgrade', ({ url }, socket) => {
      targets.push(url!);
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    });
    const gateway = await started(
      await shopConfig({ monolith: monolith.url, inventory: monolith.url }),
      memorySource(),
    );
    await sendRaw(gateway.url, upgradeTo(target));
    expect(targets).toEqual([target]);
  },
);

test('an upstream’s refusal of the upgrade reaches the client', async () => {
  const upstream = await startUpstream('monolith');
  upstream.server.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 401 Unauthorized\r\nX-Why: login\r\nContent-Length: 2\r\n\r\nno'),
  );
  const gateway = await started(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource(),
  );
  const got = await sendRaw(gateway.url, upgradeTo('/inventory/a'));
  expect(got).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n/);
  expect(got).toMatch(/x-why: login\r\n/i);
  expect(got).toMatch(/\r\n\r\nno$/);
});

test('a stop closes WebSockets, on both sides', async () => {
  const monolith = await startChat('monolith');
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: monolith.url }),
    memorySource(),
    {
      grace: 10_000,
    },
  );
  const { got, closed } = open(gateway.url);
  await until('open', () => got.length === 1);
  await gateway.stop();
  await until('both are closed', () => closed() !== undefined && monolith.chat.clients.size === 0);
});
