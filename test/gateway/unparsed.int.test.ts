import { connect } from 'node:net';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { sendRaw } from './support/client.ts';
import { failuresOf, metric, shopConfig, started, withLimits, type Started } from './support/gateway.ts';
import { startRaw } from './support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** The heads that the monolith got, as latin1. */
let heads: string[];
let gateway: Started;

beforeEach(async () => {
  heads = [];
  const monolith = await startRaw((socket) =>
    socket.on('data', (chunk) => {
      heads.push(chunk.toString('latin1'));
      socket.write(heads.at(-1)!.startsWith('HEAD') ? OK.slice(0, -2) : OK);
    }),
  );
  gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: monolith.url }),
    memorySource(READS),
  );
});

const refusals = async (of: Started) =>
  (await metric(of, 'banyan_gateway_failures_total{upstream="",side="client",phase="request"}')) ?? 0;

test.each([
  ['raw Latin-1 in the path', 'GET /caf\xe9'],
  ['raw UTF-8 in the path', 'GET /caf\xc3\xa9/\xff\x80'],
  ['raw bytes in the query', 'GET /inventory/a?q=\xe4'],
  ['raw bytes with HEAD', 'HEAD /caf\xe9'],
  ['raw bytes with DELETE', 'DELETE /caf\xe9'],
  ['a method that the parser doesn’t know', 'BREW /pot?milk=1'],
  ['both', 'BREW /caf\xe9'],
])('%s: the monolith gets it byte for byte, with everything else as always', async (_name, line) => {
  const got = await sendRaw(
    gateway.url,
    `${line} HTTP/1.1\r\nHost: shop\r\nX-Forwarded-For: 1.2.3.4\r\nX-A: b\r\n\r\n`,
  );
  expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Connection: close\r\n/);
  expect(got.endsWith('\r\n\r\nok')).toBe(!line.startsWith('HEAD'));
  expect(heads).toHaveLength(1);
  expect(heads[0]!.split('\r\n')[0]).toBe(`${line} HTTP/1.1`);
  expect(heads[0]).toMatch(/\r\nX-A: b\r\n/);
  expect(heads[0]).toMatch(/\r\nX-Forwarded-For: 127.0.0.1\r\n/);
  expect(heads[0]).not.toContain('1.2.3.4');
  expect(failuresOf(gateway)).toEqual([]);
});

test('so is such a request after others on its connection', async () => {
  const { hostname, port } = new URL(gateway.url);
  const client = connect(Number(port), hostname);
  onTestFinished(() => void client.destroy());
  let got = '';
  client.on('data', (chunk) => (got += chunk.toString('latin1')));
  client.write('GET /a HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('the first answer', () => got.endsWith('ok'));
  client.write('GET /caf\xe9 HTTP/1.1\r\nHost: shop\r\n\r\n', 'latin1');
  await until('the second answer', () => got.lastIndexOf('HTTP/1.1 200 OK') > 0 && got.endsWith('ok'));
  expect(heads.map((head) => head.split(' ')[1])).toEqual(['/a', '/caf\xe9']);
});

test('a client that goes away before its answer is seen to', async () => {
  const silent = await startRaw((socket) => socket.on('data', () => {}));
  const other = await started(
    await shopConfig({ monolith: silent.url, inventory: silent.url }),
    memorySource(),
  );
  const { hostname, port } = new URL(other.url);
  const client = connect(Number(port), hostname);
  client.write('GET /caf\xe9 HTTP/1.1\r\nHost: shop\r\n\r\n', 'latin1');
  await until('it is with the monolith', () => silent.sockets().length === 1);
  client.resetAndDestroy();
  await until(
    'the monolith’s connection is closed',
    () => silent.sockets()[0]!.readableEnded || silent.sockets()[0]!.destroyed,
    2_000,
  );
  expect(failuresOf(other)).toMatchObject([{ side: 'client', phase: 'head', upstream: 'monolith' }]);
});

test.each([
  ['a raw byte and a body', 'POST /caf\xe9 HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nhi', 400],
  [
    'a raw byte and something after it',
    'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    400,
  ],
  ['a raw byte and an impossible field', 'GET /\xe9 HTTP/1.1\r\nHost: shop\r\nX A: b\r\n\r\n', 400],
  ['a control character', 'GET /\x01 HTTP/1.1\r\nHost: shop\r\n\r\n', 400],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc', 400],
  ['a head of 100 KiB', `GET / HTTP/1.1\r\nHost: shop\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi', 400],
])('%s is refused, logged and counted on the client’s side', async (_name, bytes, status) => {
  const got = await sendRaw(gateway.url, bytes);
  expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\n[^]*connection: close\r\n\r\n${status} `));
  expect(heads).toEqual([]);
  expect(failuresOf(gateway)).toMatchObject([{ side: 'client', phase: 'request' }]);
  expect(gateway.lines.at(-1)).toMatchObject({
    msg: 'the client’s request is refused',
    status,
    client: '127.0.0.1',
  });
  expect(await refusals(gateway)).toBe(1);
  if (bytes.includes('X A')) expect(gateway.lines.at(-1)!['line']).toBe('GET /\xe9');
});

test('the log has the request’s line without its query, which may be secret', async () => {
  await sendRaw(
    gateway.url,
    'GET /caf\xe9?token=secret HTTP/1.1\r\nHost: shop\r\nContent-Length: 1\r\n\r\nx',
  );
  const line = gateway.lines.at(-1)!;
  expect(line).toMatchObject({ code: 'HPE_INVALID_URL', line: 'GET /caf\xe9' });
  expect(JSON.stringify(line)).not.toContain('secret');
});

test('a body that is not what its framing says ends its exchange with 400', async () => {
  const got = await sendRaw(
    gateway.url,
    'POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhi\r\n',
  );
  expect(got).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({ msg: 'the client’s request is refused half-way', status: 400 }),
  );
});

test('a head that doesn’t end is 408 after its time, and a connection that stays silent is closed without a word', async () => {
  const monolith = await startRaw(() => {});
  const config = await shopConfig({ monolith: monolith.url, inventory: monolith.url });
  const hasty = await started(withLimits(config, { headTimeout: 200 }), memorySource());
  const began = performance.now();
  const [slow, silent] = await Promise.all([
    sendRaw(hasty.url, 'GET / HTTP/1.1\r\nHost: shop\r\nX-Slow: '),
    sendRaw(hasty.url, ''),
  ]);
  expect(performance.now() - began).toBeLessThan(6_000);
  expect(slow).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
  expect(silent).toBe('');
  expect(failuresOf(hasty)).toMatchObject([{ side: 'client', phase: 'request' }]);
  expect(await refusals(hasty)).toBe(1);
});
