import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send, sendRaw, upgradeTo } from './support/client.ts';
import { failuresOf, metric, shopConfig, started, type Started } from './support/gateway.ts';
import { closedUrl, startRaw } from './support/upstream.ts';

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const UPGRADE = upgradeTo('/inventory/a');

/** A gateway before one upstream. */
async function gatewayBefore(url: string, monolithTimeout?: string): Promise<Started> {
  const config = await shopConfig(
    { monolith: url, inventory: url },
    monolithTimeout ? { monolithTimeout } : {},
  );
  return started(config, memorySource());
}

/** Every failure that was counted, by side and phase. */
async function counted(gateway: Started) {
  const found: Record<string, number> = {};
  for (const side of ['client', 'upstream'])
    for (const phase of ['connect', 'head', 'body']) {
      const sample = `banyan_gateway_failures_total{upstream="monolith",side="${side}",phase="${phase}"}`;
      const value = await metric(gateway, sample);
      if (value !== undefined) found[`${side} ${phase}`] = value;
    }
  return found;
}

function client(url: string, bytes: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const state = { socket, got: '', closed: false };
  socket.on('data', (chunk) => (state.got += chunk.toString()));
  socket.on('error', () => {});
  socket.on('close', () => (state.closed = true));
  socket.write(bytes);
  onTestFinished(() => void socket.destroy());
  return state;
}

test('an upgrade to an upstream that is down is tried again, and then 502, reported once', async () => {
  const gateway = await gatewayBefore(await closedUrl());
  expect(await sendRaw(gateway.url, UPGRADE)).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n[^]*502 Bad Gateway\n$/);
  expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase: 'connect', upstream: 'monolith' }]);
  expect(await counted(gateway)).toEqual({ 'upstream connect': 1 });
  expect(await metric(gateway, 'banyan_gateway_retries_total{upstream="monolith"}')).toBe(1);
});

test('a body that nobody can decode is no answer to an upgrade, and harms nobody else', async () => {
  const upstream = await startRaw((socket) =>
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: gzip\r\n\r\nx')),
  );
  const gateway = await gatewayBefore(upstream.url);
  for (let time = 0; time < 2; time += 1)
    expect(await sendRaw(gateway.url, UPGRADE)).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
  expect(await counted(gateway)).toEqual({ 'upstream head': 2 });
});

test('an upgraded connection has no body, whatever its answer says of one', async () => {
  const upstream = await startRaw((socket) =>
    socket.once('data', () =>
      socket.write(SWITCH.replace('\r\n\r\n', '\r\nTransfer-Encoding: gzip\r\n\r\nhi')),
    ),
  );
  const gateway = await gatewayBefore(upstream.url);
  const state = client(gateway.url, UPGRADE);
  await until('the tunnel', () => state.got.endsWith('hi'));
  expect(state.got).toMatch(/^HTTP\/1.1 101 /);
  expect(state.got).not.toMatch(/transfer-encoding/i);
});

test('so is one to an upstream that closes without an answer, on a connection that has carried others', async () => {
  const upstream = await startRaw((socket) =>
    socket.on('data', (chunk) => {
      if (chunk.toString().includes('Upgrade')) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }),
  );
  const gateway = await gatewayBefore(upstream.url);
  const { socket, ...state } = client(gateway.url, 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
  socket.on('data', (chunk) => (state.got += chunk.toString()));
  await until('the first answer', () => state.got.endsWith('ok'));
  state.got = '';
  socket.write(UPGRADE);
  await until('the answer to the upgrade', () => state.got !== '');
  expect(state.got).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
  await until('it is counted', async () => (await counted(gateway))['upstream head'] === 1);
  expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase: 'head' }]);
});

test('an upgrade to an upstream that is too slow is 504, reported once', async () => {
  const silent = await startRaw(() => {});
  const gateway = await gatewayBefore(silent.url, '200ms');
  expect(await sendRaw(gateway.url, UPGRADE)).toMatch(/^HTTP\/1.1 504 Gateway Timeout\r\n/);
  expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase: 'head' }]);
  expect(gateway.lines.at(-1)!['msg']).toBe('the upstream is too slow');
  expect(await counted(gateway)).toEqual({ 'upstream head': 1 });
});

test.each([
  ['closes', undefined],
  ['closes', '5s'],
  ['resets', undefined],
  ['resets', '5s'],
] as const)(
  'a client that %s its connection before the upgrade takes the upstream request with it, reported once as its own doing (timeout: %s)',
  async (how, timeout) => {
    let reached = false;
    let aborted = false;
    const silent = await startRaw((socket) => {
      socket.on('data', () => (reached = true));
      socket.on('close', () => (aborted = true));
    });
    const gateway = await gatewayBefore(silent.url, timeout);
    const { socket } = client(gateway.url, UPGRADE);
    await until('the upgrade is with the upstream', () => reached);
    if (how === 'closes') socket.end();
    else socket.resetAndDestroy();
    await until('it is aborted', () => aborted, 1_000);
    await until('it is logged', () => failuresOf(gateway).length > 0);
    // Another exchange, so that a second report would have come by now.
    await sendRaw(gateway.url, 'GET /\x01 HTTP/1.1\r\n\r\n');
    expect(failuresOf(gateway)).toMatchObject([
      { side: 'client', phase: 'head', upstream: 'monolith' },
      { side: 'client', phase: 'request' },
    ]);
    expect(gateway.lines.some(({ msg }) => msg === 'the client went away')).toBe(true);
    expect(await counted(gateway)).toEqual({ 'client head': 1 });
  },
);

test.each(['before', 'after'] as const)(
  'an upstream that resets %s the upgrade is reported once',
  async (when) => {
    const upstream = await startRaw((socket) =>
      socket.on('data', () => {
        if (when === 'after') socket.write(SWITCH);
        if (when === 'before') socket.resetAndDestroy();
      }),
    );
    const gateway = await gatewayBefore(upstream.url);
    const state = client(gateway.url, UPGRADE);
    if (when === 'after') {
      await until('the tunnel', () => state.got.startsWith('HTTP/1.1 101'));
      upstream.sockets()[0]!.resetAndDestroy();
    }
    await until('the client’s connection is closed', () => state.closed);
    const phase = when === 'after' ? 'body' : 'head';
    expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase }]);
    expect(await counted(gateway)).toEqual({ [`upstream ${phase}`]: 1 });
  },
);

test('a stop is nobody’s failure, for open tunnels and for upgrades under way', async () => {
  let upgrades = 0;
  const upstream = await startRaw((socket) =>
    socket.on('data', () => {
      if ((upgrades += 1) === 1) socket.write(SWITCH);
    }),
  );
  const gateway = await gatewayBefore(upstream.url);
  const tunnel = client(gateway.url, UPGRADE);
  await until('the tunnel', () => tunnel.got.startsWith('HTTP/1.1 101'));
  const waiting = client(gateway.url, UPGRADE);
  await until('the second upgrade is with the upstream', () => upgrades === 2);
  await gateway.stop();
  await until('both are closed', () => tunnel.closed && waiting.closed);
  expect(failuresOf(gateway)).toEqual([]);
});

test('a plain request with the fields of an upgrade but another method is a plain request', async () => {
  const heads: string[] = [];
  const upstream = await startRaw((socket) =>
    socket.on('data', (chunk) => {
      heads.push(chunk.toString());
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }),
  );
  const gateway = await gatewayBefore(upstream.url);
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  expect((await send(gateway.url, '/a', { method: 'POST', headers })).body).toBe('ok');
  expect(heads[0]).not.toMatch(/upgrade/i);
});
