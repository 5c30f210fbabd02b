import { connect } from 'node:net';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { sendRaw } from './support/client.ts';
import { failuresOf, shopConfig, started, type Started } from './support/gateway.ts';
import { startRaw, startUpstream, valuesOf, type TestUpstream } from './support/upstream.ts';

let monolith: TestUpstream;
let gateway: Started;

beforeEach(async () => {
  monolith = await startUpstream('monolith');
  gateway = await before(monolith.url);
});

async function before(url: string, monolithTimeout?: string): Promise<Started> {
  const config = await shopConfig(
    { monolith: url, inventory: url },
    monolithTimeout ? { monolithTimeout } : {},
  );
  return started(config, memorySource());
}

/** A client that can wait between its request's head and its body. */
function patientClient(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const client = { socket, got: '' };
  socket.on('data', (chunk) => (client.got += chunk.toString()));
  onTestFinished(() => void socket.destroy());
  return client;
}

const HEAD = 'POST /a HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** An upstream that never heard of Expect: it answers when it has the body, without a word before. */
async function startOld() {
  const parts: string[] = [];
  const old = await startRaw((socket) =>
    socket.on('data', (chunk) => {
      parts.push(chunk.toString());
      if (parts.join('').endsWith('\r\n\r\nhello')) socket.write(OK);
    }),
  );
  return { ...old, parts };
}

test('Expect: 100-continue is the upstream’s to answer: the body comes after its 100', async () => {
  const client = patientClient(gateway.url);
  client.socket.write(HEAD);
  await until('100 (Continue)', () => client.got.startsWith('HTTP/1.1 100 Continue\r\n\r\n'), 900);
  expect(monolith.seen).toEqual([]);
  client.socket.write('hello');
  await until('the answer', () => client.got.includes('monolith'));
  expect(monolith.seen[0]!.body).toBe('hello');
  expect(valuesOf(monolith.seen[0]!.fields, 'expect')).toEqual(['100-continue']);
});

test('a final answer instead of 100 reaches a client that never sends its body', async () => {
  const upstream = await startRaw((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'));
  });
  const other = await before(upstream.url);
  const got = await sendRaw(other.url, HEAD);
  expect(got).toMatch(/^HTTP\/1.1 413 Too Large\r\n/);
  expect(got).toMatch(/\r\nConnection: close\r\n/i);
});

test('an upstream that ignores Expect gets the body as soon as the client sends it', async () => {
  const old = await startOld();
  const client = patientClient((await before(old.url)).url);
  client.socket.write(HEAD);
  await until('the head is with the upstream', () => old.parts.join('').endsWith('\r\n\r\n'));
  client.socket.write('hello');
  await until('the answer', () => client.got.endsWith('ok'), 900);
  expect(client.got).toMatch(/^HTTP\/1.1 200 OK\r\n/);
});

test('a client that waits for its 100 is asked for its body after a second, once', async () => {
  const old = await startOld();
  const client = patientClient((await before(old.url)).url);
  const began = performance.now();
  client.socket.write(HEAD);
  await until('100 (Continue)', () => client.got !== '', 3_000);
  expect(performance.now() - began).toBeGreaterThan(950);
  expect(client.got).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  // The upstream's own, too late, is one too many.
  old.sockets()[0]!.write('HTTP/1.1 100 Continue\r\n\r\n');
  client.socket.write('hello');
  await until('the answer', () => client.got.endsWith('ok'));
  expect(client.got).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/);
});

test('a client that waits for its 100 is not too slow an upstream', async () => {
  const old = await startOld();
  const hasty = await before(old.url, '200ms');
  const client = patientClient(hasty.url);
  client.socket.write(HEAD);
  await until('100 (Continue)', () => client.got !== '', 3_000);
  client.socket.write('hello');
  await until('the answer', () => client.got.endsWith('ok'));
  client.got = '';
  client.socket.write(HEAD.replace('Content-Length: 5', 'Content-Length: 3') + 'bye');
  await until('504', () => client.got.includes('504 Gateway Timeout\n'));
  expect(failuresOf(hasty)).toMatchObject([{ side: 'upstream', phase: 'head' }]);
});

test('an HTTP/1.0 client never gets a 100', async () => {
  const got = await sendRaw(gateway.url, HEAD.replace('1.1', '1.0') + 'hello');
  expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n/);
});

test('Expect without a body waits no longer for its answer than any request', async () => {
  const silent = await startRaw((socket) => socket.on('data', () => {}));
  const { url } = await before(silent.url, '300ms');
  const head = 'GET /a HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n';
  expect(await sendRaw(url, head)).toContain('HTTP/1.1 504 ');
});
