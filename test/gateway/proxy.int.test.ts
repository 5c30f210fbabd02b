import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import { memorySource, type MemorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send, sendRaw } from './support/client.ts';
import { shopConfig, started, type Started } from './support/gateway.ts';
import { startRaw, startUpstream, valuesOf, type TestUpstream } from './support/upstream.ts';

let source: MemorySource;
let monolith: TestUpstream;
let inventory: TestUpstream;
let gateway: Started;

beforeEach(async () => {
  source = memorySource({ inventory: { reads: { stage: 'extracted' } } });
  monolith = await startUpstream('monolith');
  inventory = await startUpstream('inventory');
  gateway = await started(await shopConfig({ monolith: monolith.url, inventory: inventory.url }), source);
});

test.each([
  '/a//b/../%7Efoo?x=%20&y',
  '/',
  '/%',
  '/a%2Fb%5c;v=1?',
  '/inventory//abc',
  '/a\\b^c|d"e<f>`{g}?[h]\'(i)',
  '/a?b?c#d',
  '/../../etc',
])('a target that no route matches reaches the monolith byte for byte: %s', async (target) => {
  const got = await sendRaw(gateway.url, `GET ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(monolith.seen.map((seen) => seen.target)).toEqual([target]);
});

test.each(['http://shop/a//b?x', '*'])('so does a target that is no path: %s', async (target) => {
  await sendRaw(gateway.url, `OPTIONS ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`);
  expect(monolith.seen.map((seen) => seen.target)).toEqual([target]);
});

test('a route that stays with the monolith keeps its target byte for byte too', async () => {
  source.set({ inventory: { reads: { stage: 'legacy' } } });
  await until(
    'the change is in force',
    async () => (await send(gateway.url, '/stock/a')).body === 'monolith',
  );
  await send(gateway.url, '/x/../stock/%61?q=%20');
  expect(monolith.seen.at(-1)!.target).toBe('/x/../stock/%61?q=%20');
});

test('the extracted service gets the canonical path or the rewrite, and the query untouched', async () => {
  expect((await send(gateway.url, '/x/../inventory/%61bc?q=%20//')).body).toBe('inventory');
  expect((await send(gateway.url, '/stock/abc?q=1&&')).body).toBe('inventory');
  expect(inventory.seen.map((seen) => seen.target)).toEqual([
    '/inventory/abc?q=%20//',
    '/v2/items/abc?q=1&&',
  ]);
});

test('fields arrive in the client’s order and spelling, with the original Host; hop-by-hop fields don’t', async () => {
  const head = [
    'Host: Shop.example:99',
    'X-Zeta: 1',
    'x-alpha: a\tb',
    'X-Zeta: 2',
    'X-Latin: \u00e4',
    'Connection: close, X-Once',
    'X-Once: gone',
    'TE: trailers',
    'X-Forwarded-For: 1.2.3.4',
  ];
  await sendRaw(gateway.url, `GET /a HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
  const { fields } = monolith.seen[0]!;
  expect(fields.slice(0, 10)).toEqual([
    'Host',
    'Shop.example:99',
    'X-Zeta',
    '1',
    'x-alpha',
    'a\tb',
    'X-Zeta',
    '2',
    'X-Latin',
    'ä',
  ]);
  expect(valuesOf(fields, 'x-once')).toEqual([]);
  expect(valuesOf(fields, 'te')).toEqual([]);
  expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(valuesOf(fields, 'x-forwarded-proto')).toEqual(['http']);
  expect(valuesOf(fields, 'x-forwarded-host')).toEqual(['Shop.example:99']);
  expect(valuesOf(fields, 'via')).toEqual(['1.1 banyan']);
});

test('an answer’s status, reason and fields come back in order and spelling, several Set-Cookie apart', async () => {
  const upstream = await startRaw((socket) => {
    socket.once('data', () =>
      socket.end(
        'HTTP/1.1 299 Fine Indeed\r\nX-B: 1\r\nSet-Cookie: a=1\r\nx-a: \u00e4\r\nset-cookie: b=2; Path=/\r\n' +
          'Connection: X-Hop\r\nX-Hop: gone\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok',
        'latin1',
      ),
    );
  });
  const other = await started(await shopConfig({ monolith: upstream.url, inventory: inventory.url }), source);
  const got = await sendRaw(other.url, 'GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
  expect(got).toBe(
    'HTTP/1.1 299 Fine Indeed\r\nX-B: 1\r\nSet-Cookie: a=1\r\nx-a: \u00e4\r\nset-cookie: b=2; Path=/\r\n' +
      'Content-Length: 2\r\nVia: 1.1 banyan\r\nConnection: close\r\n\r\nok',
  );
});

test.each([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
  'QUERY',
])('%s goes through, without and with a body', async (method) => {
  const answer = await send(gateway.url, '/any', { method });
  expect(answer).toMatchObject({ status: 200, body: method === 'HEAD' ? '' : 'monolith' });
  await send(gateway.url, '/any', { method, body: 'hello', headers: { 'content-length': 5 } });
  await send(gateway.url, '/any', { method, body: 'hello', headers: { 'transfer-encoding': 'chunked' } });
  expect(monolith.seen.map((seen) => [seen.method, seen.body])).toEqual([
    [method, ''],
    [method, 'hello'],
    [method, 'hello'],
  ]);
});

test('HEAD gets the length of what GET would get', async () => {
  const answer = await send(gateway.url, '/inventory/abc', { method: 'HEAD' });
  expect(inventory.seen.map((seen) => seen.method)).toEqual(['HEAD']);
  expect(answer).toMatchObject({ status: 200, body: '' });
});

test('each side’s bodies stream: the client reads the first part before the last is sent', async () => {
  const parts: string[] = [];
  const upstream = await startRaw((socket) => {
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      parts.push(text);
      if (parts.length === 1)
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n');
      if (text.includes('last')) socket.write('3\r\nbye\r\n0\r\n\r\n');
    });
  });
  const other = await started(await shopConfig({ monolith: upstream.url, inventory: inventory.url }), source);
  const { hostname, port } = new URL(other.url);
  const socket = connect(Number(port), hostname);
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString()));
  socket.write('POST /echo HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
  await until('the first part of the answer', () => got.includes('hi'));
  expect(parts.join('')).toContain('first');
  socket.write('4\r\nlast\r\n0\r\n\r\n');
  await until('the last part of the answer', () => got.includes('bye'));
  socket.destroy();
});

test('a body of 64 MiB arrives unchanged, up and down', async () => {
  const bytes = randomBytes(64 * 1024 * 1024);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const echo = await startUpstream('echo', (_request, response, body) =>
    response.end(Buffer.from(body, 'latin1')),
  );
  const other = await started(await shopConfig({ monolith: echo.url, inventory: inventory.url }), source);
  const answer = await fetch(`${other.url}/echo`, { method: 'POST', body: bytes });
  const back = new Uint8Array(await answer.arrayBuffer());
  expect(createHash('sha256').update(back).digest('hex')).toBe(digest);
});

test('trailers come through, up and down', async () => {
  const upstream = await startUpstream('t', (_request, response) => {
    response.writeHead(200, { trailer: 'X-Sum' });
    response.write('body');
    response.addTrailers([['X-Sum', 'ä']]);
    response.end();
  });
  const other = await started(await shopConfig({ monolith: upstream.url, inventory: inventory.url }), source);
  const up =
    'POST / HTTP/1.1\r\nHost: shop\r\nTrailer: X-Up\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
  const got = await sendRaw(other.url, `${up}2\r\nhi\r\n0\r\nX-Up: yes\r\n\r\n`);
  expect(got).toMatch(/0\r\nX-Sum: ä\r\n\r\n$/);
  expect(upstream.seen[0]).toMatchObject({ body: 'hi', trailers: ['X-Up', 'yes'] });
  const plain = await sendRaw(other.url, 'GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
  expect(plain).toMatch(/0\r\nX-Sum: ä\r\n\r\n$/);
});

test('an answer that comes before the request has been read leaves the client’s connection usable', async () => {
  const upstream = await startRaw((socket) => {
    socket.once('data', () =>
      socket.end('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig'),
    );
  });
  const other = await started(await shopConfig({ monolith: upstream.url, inventory: inventory.url }), source);
  const { hostname, port } = new URL(other.url);
  const socket = connect(Number(port), hostname);
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString()));
  socket.write('POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\nhello');
  await until('the early answer', () => got.endsWith('big'));
  socket.write('x'.repeat(1_000_000 - 5));
  socket.write('GET /inventory/b HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('the next answer on the same connection', () => got.includes('inventory'));
  socket.destroy();
});

test('HTTP/1.0 clients without Host, and answers without a length, work', async () => {
  const upstream = await startRaw((socket) => {
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\nX-Old: yes\r\n\r\nuntil the end'));
  });
  const other = await started(await shopConfig({ monolith: upstream.url, inventory: inventory.url }), source);
  const got = await sendRaw(other.url, 'GET / HTTP/1.0\r\n\r\n');
  expect(got).toMatch(/^HTTP\/1.1 200 OK\r\nX-Old: yes\r\n[^]*\r\n\r\nuntil the end$/);
});

test('an upgrade to something else than WebSocket is answered as a plain request', async () => {
  const answer = await send(gateway.url, '/a', {
    headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' },
  });
  expect(answer.body).toBe('monolith');
  expect(valuesOf(monolith.seen[0]!.fields, 'upgrade')).toEqual([]);
});
