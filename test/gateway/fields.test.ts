import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { requestFields, responseFields, upgradeFields } from '../../gateway/forwarding/fields.ts';

const request = (rawHeaders: string[], more: object = {}) =>
  ({
    rawHeaders,
    headers: Object.fromEntries(
      rawHeaders.flatMap((name, index) => (index % 2 ? [] : [[name.toLowerCase(), rawHeaders[index + 1]]])),
    ),
    socket: { remoteAddress: '::ffff:10.0.0.7' },
    httpVersion: '1.1',
    ...more,
  }) as unknown as IncomingMessage;

const get = { method: 'GET', httpVersionMinor: 1 };

const OURS = [
  'X-Forwarded-For',
  '10.0.0.7',
  'X-Forwarded-Proto',
  'http',
  'X-Forwarded-Host',
  'shop',
  'Via',
  '1.1 banyan',
];

test('fields keep their order, spelling and repetition, and Host stays the client’s', () => {
  const raw = ['X-B', '1', 'Host', 'shop', 'x-a', '2', 'X-B', '3'];
  expect(requestFields(request(raw))).toEqual([...raw, ...OURS]);
});

test('hop-by-hop fields and those that Connection names are removed, both ways', () => {
  const raw = [
    'Host',
    'shop',
    'Connection',
    'close, X-Once',
    'connection',
    'Keep-Alive',
    'Keep-Alive',
    'timeout=5',
  ];
  raw.push(
    'Proxy-Connection',
    'close',
    'TE',
    'trailers',
    'Transfer-Encoding',
    'chunked',
    'x-once',
    '1',
    'X-Stays',
    '2',
  );
  expect(requestFields(request(raw))).toEqual(['Host', 'shop', 'X-Stays', '2', ...OURS]);
  expect(responseFields(raw, get, 200)).toEqual(['Host', 'shop', 'X-Stays', '2']);
});

test('Connection can’t take away Host or Content-Length', () => {
  const raw = ['Host', 'shop', 'Connection', 'host, content-length', 'Content-Length', '3'];
  expect(requestFields(request(raw))).toEqual(['Host', 'shop', 'Content-Length', '3', ...OURS]);
});

test('what the client says about where it comes from is replaced', () => {
  const raw = [
    'Host',
    'shop',
    'X-Forwarded-For',
    '1.2.3.4',
    'x-forwarded-proto',
    'https',
    'Forwarded',
    'for=1.2.3.4',
  ];
  expect(requestFields(request([...raw, 'X-Forwarded-Host', 'evil']))).toEqual(['Host', 'shop', ...OURS]);
});

test('bytes beyond ASCII in a response’s fields stay as they are', () => {
  expect(responseFields([Buffer.from('X-Name'), Buffer.from([0xe4, 0xc3, 0xa4])], get, 200)).toEqual([
    'X-Name',
    'äÃ¤',
  ]);
});

test('an upgrade keeps exactly its own Connection and Upgrade', () => {
  const raw = [
    'Host',
    'shop',
    'Connection',
    'keep-alive, Upgrade',
    'Upgrade',
    'websocket',
    'X-A',
    '1',
    'X-A',
    '2',
  ];
  expect(upgradeFields(request(raw))).toMatchObject({
    host: 'shop',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'x-a': ['1', '2'],
    'x-forwarded-for': '10.0.0.7',
  });
});

test('Trailer stays only with a chunked body', () => {
  const raw = ['Trailer', 'X-T', 'X-A', '1'];
  expect(responseFields(raw, get, 200)).toEqual(raw);
  expect(responseFields([...raw, 'Content-Length', '1'], get, 200)).toEqual([
    'X-A',
    '1',
    'Content-Length',
    '1',
  ]);
  expect(responseFields(raw, { method: 'HEAD', httpVersionMinor: 1 }, 200)).toEqual(['X-A', '1']);
  expect(responseFields(raw, get, 204)).toEqual(['X-A', '1']);
  expect(responseFields(raw, { method: 'GET', httpVersionMinor: 0 }, 200)).toEqual(['X-A', '1']);
  expect(requestFields(request(['Host', 'shop', ...raw]))).toEqual(['Host', 'shop', 'X-A', '1', ...OURS]);
});
