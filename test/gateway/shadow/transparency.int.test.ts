import { gzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { sendRaw } from '../support/client.ts';
import { failuresOf } from '../support/gateway.ts';
import { closedUrl, startRaw, startUpstream } from '../support/upstream.ts';
import { reportOf, shadowing } from './support.ts';

/** What clients of the monolith ask for: short, compressed, long, chunked with trailers, empty, failing, redirected, broken off. */
function monolithAnswer({ url }: IncomingMessage, response: ServerResponse): void {
  switch (url) {
    case '/inventory/short':
      return void response
        .writeHead(200, 'Fine', { 'Set-Cookie': ['a=1', 'b=2'], 'X-CaSe': 'kept' })
        .end('short');
    case '/inventory/gzip':
      return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'));
    case '/inventory/long':
      return void response.writeHead(200, { 'content-length': 300_000 }).end(Buffer.alloc(300_000, 'l'));
    case '/inventory/chunked':
      response.writeHead(200, { trailer: 'x-sum' }).write('one');
      response.write('two');
      response.addTrailers({ 'x-sum': '6' });
      return void response.end();
    case '/inventory/empty':
      return void response.writeHead(204).end();
    case '/inventory/failing':
      return void response.writeHead(500).end('no');
    case '/inventory/redirected':
      return void response.writeHead(302, { location: '/login?next=%2F' }).end();
    default:
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => response.destroy());
  }
}

const TARGETS = ['short', 'gzip', 'long', 'chunked', 'empty', 'failing', 'redirected', 'broken'];

/** Everything that clients get, byte by byte, but for the date and the gateway's own port. */
async function clientResults(url: string): Promise<string[]> {
  const heads = TARGETS.map((target) => `GET /inventory/${target}`);
  const all: string[] = [];
  for (const first of [...heads, 'HEAD /inventory/long', 'POST /inventory/short'])
    all.push(
      await sendRaw(
        url,
        `${first} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n${first.startsWith('POST') ? 'Content-Length: 2\r\n\r\nhi' : '\r\n'}`,
      ),
    );
  return all.map((text) => text.replace(/^date: .*\r\n/im, ''));
}

const GARBAGE = [
  'HTTP/1.1 banana\r\n\r\n',
  '\x00\x01\x02\xff',
  'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{"a"',
  'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
];

const services: [string, () => Promise<string>][] = [
  ['dead', closedUrl],
  ['stalled', async () => (await startRaw(() => {})).url],
  [
    'slow',
    async () =>
      (
        await startRaw((socket) => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
          const drip = setInterval(() => socket.write('.'), 20);
          socket.once('close', () => clearInterval(drip));
        })
      ).url,
  ],
  [
    'garbage',
    async () => {
      let number = 0;
      return (
        await startRaw((socket) =>
          socket.once('data', () => socket.end(GARBAGE[number++ % GARBAGE.length]!, 'latin1')),
        )
      ).url;
    },
  ],
  ['closing at once', async () => (await startRaw((socket) => socket.destroy())).url],
  [
    'another',
    async () => (await startUpstream('another', (_, response) => response.writeHead(418).end('tea'))).url,
  ],
];

test.each(services)('a %s service changes nothing for clients', async (_kind, start) => {
  const monolith = await startUpstream('monolith', monolithAnswer);
  const urls = { monolith: monolith.url, inventory: await start() };
  const off = await shadowing(urls, '{ sample: 1, timeout: 100ms }', 'legacy');
  const on = await shadowing(urls, '{ sample: 1, timeout: 100ms, concurrency: 2 }');
  const [without, withShadow] = [await clientResults(off.url), await clientResults(on.url)];
  expect(withShadow).toEqual(without);
  expect(without[0]).toContain('X-CaSe: kept');
  await until('each sample has its outcome', async () => {
    const [route] = (await reportOf(on)).routes;
    return Object.values(route!.counts).reduce((sum, count) => sum + count) === TARGETS.length + 1;
  });
  // The log tells of the monolith's failures, and of no others.
  const of = (gateway: typeof on) =>
    failuresOf(gateway).map(({ side, phase, upstream }) => [side, phase, upstream]);
  expect(of(on)).toEqual(of(off));
});
