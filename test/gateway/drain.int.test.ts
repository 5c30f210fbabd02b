import { Agent } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { metric, shopConfig, started } from './support/gateway.ts';
import { startRaw, startUpstream } from './support/upstream.ts';

/** An upstream that answers when it is told to. */
async function startHeld() {
  const answers: ((text: string) => void)[] = [];
  const upstream = await startUpstream('monolith', (_request, response) => {
    answers.push((text) => response.end(text));
  });
  return { ...upstream, answers };
}

const gatewayBefore = async (url: string, options: { grace?: number; notice?: number } = {}) =>
  started(await shopConfig({ monolith: url, inventory: url }), memorySource(), { grace: 10_000, ...options });

function refuses(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('connect', () => resolve(false)).on('error', () => resolve(true));
    socket.on('connect', () => socket.destroy());
  });
}

function keepAliveAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
}

test('a stop lets the request under way end, and takes no new one', async () => {
  const held = await startHeld();
  const gateway = await gatewayBefore(held.url);
  const waiting = send(gateway.url, '/a');
  await until('the request is under way', () => held.answers.length === 1);
  const stopping = gateway.stop();
  await until('the port is closed', () => refuses(gateway.url));
  held.answers[0]!('done');
  expect((await waiting).body).toBe('done');
  await stopping;
});

test('a client that keeps its connection doesn’t keep the gateway: its answer says that the connection ends', async () => {
  const held = await startHeld();
  const gateway = await gatewayBefore(held.url);
  const waiting = send(gateway.url, '/a', { agent: keepAliveAgent() });
  await until('the request is under way', () => held.answers.length === 1);
  expect((await fetch(`${gateway.opsUrl}/readyz`)).status).toBe(200);
  const began = performance.now();
  const stopping = gateway.stop();
  const notReady = await fetch(`${gateway.opsUrl}/readyz`);
  expect([notReady.status, await notReady.text()]).toEqual([503, 'not ready: the gateway stops\n']);
  expect((await fetch(`${gateway.opsUrl}/healthz`)).status).toBe(200);
  held.answers[0]!('done');
  expect(await waiting).toMatchObject({ body: 'done', headers: { connection: 'close' } });
  await stopping;
  expect(performance.now() - began).toBeLessThan(6_000);
});

test('nor does one whose answer had begun before the stop, or that never asked for anything', async () => {
  const upstream = await startRaw((socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf')),
  );
  const gateway = await gatewayBefore(upstream.url);
  const { hostname, port } = new URL(gateway.url);
  const silent = connect(Number(port), hostname);
  const client = connect(Number(port), hostname);
  onTestFinished(() => void (silent.destroy(), client.destroy()));
  let got = '';
  silent.resume();
  client.on('data', (chunk) => (got += chunk.toString()));
  client.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('the first half', () => got.endsWith('half'));
  const began = performance.now();
  const stopping = gateway.stop();
  await until('the silent connection is closed', () => silent.destroyed);
  upstream.sockets()[0]!.write('half');
  await stopping;
  expect(got).toMatch(/halfhalf$/);
  expect(performance.now() - began).toBeLessThan(6_000);
});

test('of clients that go on not one request breaks that the gateway has read; then they find the port closed', async () => {
  const monolith = await startUpstream('monolith');
  const gateway = await gatewayBefore(monolith.url, { notice: 300 });
  const answered: number[] = [];
  const ends: string[] = [];
  const goOn = async (agent: Agent) => {
    for (;;) {
      try {
        answered.push((await send(gateway.url, '/a', { agent })).status);
      } catch (error) {
        return void ends.push((error as NodeJS.ErrnoException).code!);
      }
    }
  };
  const clients = Array.from({ length: 8 }, () => goOn(keepAliveAgent()));
  await until('all are busy', () => answered.length > 200);
  const began = performance.now();
  await gateway.stop();
  expect(performance.now() - began).toBeLessThan(6_000);
  await Promise.all(clients);
  expect(new Set(answered)).toEqual(new Set([200]));
  // A connection that the closing port had not accepted is reset; nothing of it was read.
  expect(ends.filter((code) => code !== 'ECONNREFUSED' && code !== 'ECONNRESET')).toEqual([]);
  expect(monolith.seen.length).toBe(answered.length);
});

test('a stop does not wait longer than its grace, and the log says how many requests it cut', async () => {
  const silent = await startRaw(() => {});
  const gateway = await gatewayBefore(silent.url, { grace: 100 });
  const waiting = expect(send(gateway.url, '/a')).rejects.toThrow();
  await until(
    'the request is under way',
    async () => (await metric(gateway, 'banyan_gateway_requests_in_flight')) === 1,
  );
  await gateway.stop();
  await waiting;
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({ msg: 'the grace is over: requests are cut off', requests: 1 }),
  );
});
