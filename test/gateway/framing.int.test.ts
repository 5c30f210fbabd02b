import { beforeEach, expect, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { sendRaw } from './support/client.ts';
import { failuresOf, metric, shopConfig, started, type Started } from './support/gateway.ts';
import { startRaw } from './support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const REFUSALS = 'banyan_gateway_failures_total{upstream="",side="client",phase="request"}';
const UPGRADE = [
  'GET /chat HTTP/1.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
];

let seen: string;
let gateway: Started;

beforeEach(async () => {
  seen = '';
  const upstream = await startRaw((socket) =>
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (/\r\n\r\n/.test(seen) && (seen.endsWith('hi') || !/length: 2/i.test(seen)))
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    }),
  );
  gateway = await started(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource(READS),
  );
});

const request = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const CHUNKED = '2\r\nhi\r\n0\r\n\r\n';

test.each([
  ['two Host fields', 400, request('GET /a HTTP/1.1', 'Host: shop', 'host: evil')],
  ['two equal Host fields', 400, request('GET /a HTTP/1.1', 'Host: shop', 'Host: shop')],
  ['two Host fields to a service', 400, request('GET /inventory/a HTTP/1.1', 'Host: shop', 'Host: evil')],
  ['a Host that is no host', 400, request('GET /a HTTP/1.1', 'Host: shop/evil')],
  ['no Host field', 400, request('GET /a HTTP/1.1', 'X-A: 1')],
  [
    'another coding before chunked',
    501,
    request('POST /a HTTP/1.1', 'Host: shop', 'Transfer-Encoding: gzip, chunked') + CHUNKED,
  ],
  [
    'the same in two fields',
    501,
    request('POST /a HTTP/1.1', 'Host: shop', 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked') +
      CHUNKED,
  ],
  [
    'chunked twice',
    400,
    request('POST /a HTTP/1.1', 'Host: shop', 'Transfer-Encoding: chunked, chunked') + CHUNKED,
  ],
  ['a coding that is not chunked', 501, request('POST /a HTTP/1.1', 'Host: shop', 'Transfer-Encoding: gzip')],
  [
    'Transfer-Encoding in HTTP/1.0',
    400,
    request('POST /a HTTP/1.0', 'Host: shop', 'Transfer-Encoding: chunked') + CHUNKED,
  ],
  [
    'both framings',
    400,
    request('POST /a HTTP/1.1', 'Host: shop', 'Content-Length: 5', 'Transfer-Encoding: chunked') + CHUNKED,
  ],
  [
    'both framings, the other way round',
    400,
    request('POST /a HTTP/1.1', 'Host: shop', 'Transfer-Encoding: chunked', 'Content-Length: 5') + CHUNKED,
  ],
  [
    'two lengths',
    400,
    request('POST /a HTTP/1.1', 'Host: shop', 'Content-Length: 2', 'Content-Length: 3') + 'hi',
  ],
  [
    'two equal lengths',
    400,
    request('POST /a HTTP/1.1', 'Host: shop', 'Content-Length: 2', 'Content-Length: 2') + 'hi',
  ],
  ['a list of lengths', 400, request('POST /a HTTP/1.1', 'Host: shop', 'Content-Length: 2, 2') + 'hi'],
  ['a length with a sign', 400, request('POST /a HTTP/1.1', 'Host: shop', 'Content-Length: +2') + 'hi'],
  ['a space before a colon', 400, request('POST /a HTTP/1.1', 'Host: shop', 'Content-Length : 2') + 'hi'],
  [
    'two Authorization fields',
    400,
    request('GET /a HTTP/1.1', 'Host: shop', 'Authorization: Basic YTph', 'authorization: Basic YjpifQ=='),
  ],
  ['a folded field', 400, request('GET /a HTTP/1.1', 'Host: shop', 'X-A: b', ' c')],
  ['a folded field without a value', 400, request('GET /a HTTP/1.1', 'Host: shop', 'X-A:', '\tc')],
  [
    'a folded coding',
    400,
    request('POST /a HTTP/1.1', 'Host: shop', 'Transfer-Encoding:', ' chunked') + CHUNKED,
  ],
  ['a line that ends in a bare LF', 400, 'GET /a HTTP/1.1\r\nHost: shop\nX-A: b\r\n\r\n'],
  ['a first line that ends in one', 400, 'GET /a HTTP/1.1\nHost: shop\r\n\r\n'],
  ['a head that ends in one', 400, 'GET /a HTTP/1.1\r\nHost: shop\r\n\n'],
  ['a head of bare LFs', 400, 'GET /a HTTP/1.1\nHost: shop\n\n'],
  ['a bare CR', 400, request('GET /a HTTP/1.1', 'Host: shop', 'X-A: b\rc')],
  [
    'two Authorization fields on an upgrade',
    400,
    request(...UPGRADE, 'Host: shop', ...Array(2).fill('Authorization: a')),
  ],
  ['two Host fields on an upgrade', 400, request(...UPGRADE, 'Host: shop', 'Host: evil')],
  [
    'another coding on an upgrade',
    501,
    request(...UPGRADE, 'Host: shop', 'Transfer-Encoding: gzip, chunked') + CHUNKED,
  ],
  [
    'both framings on an upgrade',
    400,
    request(...UPGRADE, 'Host: shop', 'Content-Length: 5', 'Transfer-Encoding: chunked') + CHUNKED,
  ],
  [
    'two lengths on an upgrade',
    400,
    request(...UPGRADE, 'Host: shop', 'Content-Length: 2', 'Content-Length: 3') + 'hi',
  ],
])(
  '%s: the client gets %i, is named as the side that failed, and nothing reaches an upstream',
  async (_name, status, bytes) => {
    const got = await sendRaw(gateway.url, bytes);
    expect(got).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\\r\\n\\r\\n${status} [A-Za-z ]+\\n$`));
    expect(got).toMatch(/\r\nconnection: close\r\n/i);
    expect(seen).toBe('');
    expect(failuresOf(gateway)).toMatchObject([{ side: 'client', phase: 'request', upstream: undefined }]);
    expect(await metric(gateway, REFUSALS)).toBe(1);
  },
);

test('an upgrade with a body is a plain request, and its body is a body', async () => {
  const got = await sendRaw(
    gateway.url,
    request(...UPGRADE, 'Host: shop', 'Connection: close', 'Content-Length: 2') + 'hi',
  );
  expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(seen).toMatch(/\r\ncontent-length: 2\r\n[^]*\r\n\r\nhi$/i);
  expect(seen).not.toMatch(/upgrade:/i);
});

test.each(['GET', 'DELETE', 'OPTIONS', 'POST'])('%s keeps its Content-Length: 0', async (method) => {
  await sendRaw(
    gateway.url,
    request(`${method} /a HTTP/1.1`, 'Host: shop', 'Connection: close', 'Content-Length: 0'),
  );
  expect(seen.match(/\r\ncontent-length: 0\r\n/gi)).toHaveLength(1);
});

test.each([
  [
    'a small body that comes with its head leaves the fields as they are',
    'hi',
    /^POST \/a HTTP\/1.1\r\nContent-Length: 2\r\nHost: shop\r\nX-A: 1\r\n[^]*\r\n\r\nhi$/,
  ],
  [
    'with a longer one undici writes Host first and the length last, in lower case',
    'x'.repeat(16_385),
    /^POST \/a HTTP\/1.1\r\nhost: shop\r\n[^]*X-A: 1\r\n[^]*\r\ncontent-length: 16385\r\n\r\n/,
  ],
])('%s', async (_name, body, expected) => {
  const length = `Content-Length: ${body.length}`;
  await sendRaw(
    gateway.url,
    request('POST /a HTTP/1.1', length, 'Host: shop', 'Connection: close', 'X-A: 1') + body,
  );
  expect(seen).toMatch(expected);
});

test.each(['GET', 'DELETE'])('%s without a length gets none', async (method) => {
  await sendRaw(gateway.url, request(`${method} /a HTTP/1.1`, 'Host: shop', 'Connection: close'));
  expect(seen).not.toMatch(/content-length|transfer-encoding/i);
});
