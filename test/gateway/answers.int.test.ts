import { connect, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';
import { send, sendRaw } from './support/client.ts';
import { forwarders, startForwarding } from './support/forwarding.ts';
import { startRaw, startUpstream, valuesOf } from './support/upstream.ts';

/** What a client gets as it comes, on a connection that stays open. */
function listen(url: string, request: string): { got(): string; socket: Socket } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let got = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (got += chunk));
  socket.write(request);
  return { got: () => got, socket };
}

describe.each(forwarders)('answers over %s', (_name, open) => {
  test('103 is passed on before the answer is there, without hop-by-hop fields; so is what follows it', async () => {
    let upstreamSide: Socket | undefined;
    const upstream = await startRaw((socket) =>
      socket.once('data', () => {
        upstreamSide = socket;
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\n\r\n',
        );
      }),
    );
    const { url, outcomes } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    const client = listen(url, 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
    await until('the hints', () => client.got().endsWith('\r\n\r\n'));
    expect(client.got()).toBe(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n',
    );
    upstreamSide!.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await until('the answer', () => client.got().endsWith('ok'));
    expect(client.got()).toMatch(
      /\r\n\r\nHTTP\/1.1 102 Processing\r\n\r\nHTTP\/1.1 200 OK\r\nContent-Length: 2\r\n/,
    );
    expect(outcomes).toEqual([{ ok: true, status: 200 }]);
  });

  test('a client of HTTP/1.0 gets no informational answer, no chunks, and the end of the body with the connection’s', async () => {
    const upstream = await startRaw((socket) =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n' +
            'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\nbye\r\n0\r\n\r\n',
        ),
      ),
    );
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    const got = await sendRaw(url, 'GET / HTTP/1.0\r\nHost: shop\r\n\r\n');
    expect(got).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nhibye$/);
    expect(got).not.toMatch(/transfer-encoding/i);
    expect(got.match(/HTTP\/1/g)).toHaveLength(1);
  });

  test('a client of HTTP/1.0 that asks for it keeps its connection', async () => {
    const upstream = await startUpstream('up', (_request, response) =>
      response.writeHead(200, { 'content-length': 2 }).end('ok'),
    );
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    const ask = 'GET / HTTP/1.0\r\nHost: shop\r\nConnection: keep-alive\r\n\r\n';
    const client = listen(url, ask);
    await until('the first answer', () => client.got().endsWith('ok'));
    expect(client.got()).toMatch(/\r\nconnection: keep-alive\r\n/i);
    client.socket.write(ask);
    await until('the second', () => client.got().split('HTTP/1.1 200 OK').length === 3);
  });

  test.each(['1.1', '1.0'])(
    'of server-sent events the head comes at once, and each event as it is sent (to HTTP/%s)',
    async (version) => {
      let events: Socket | undefined;
      const upstream = await startRaw((socket) =>
        socket.once('data', () => {
          events = socket;
          socket.write(
            'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
          );
        }),
      );
      const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
      const client = listen(url, `GET / HTTP/${version}\r\nHost: shop\r\n\r\n`);
      await until('the head', () => client.got().endsWith('\r\n\r\n'));
      expect(client.got()).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
      for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
        events!.write(`${event.length.toString(16)}\r\n${event}\r\n`);
        await until(event, () => client.got().includes(event));
      }
    },
  );

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('a body in %s arrives byte for byte, with what describes it', async (coding, compress) => {
    const bytes = compress(Buffer.from('hello '.repeat(5_000)));
    const fields = ['Content-Type', 'text/plain', 'Content-Encoding', coding, 'ETag', `"a-${coding}"`];
    const more = ['Vary', 'Accept-Encoding', 'Content-Length', String(bytes.length)];
    const upstream = await startUpstream('up', (_request, response) =>
      response.writeHead(200, [...fields, ...more]).end(bytes),
    );
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    const answer = await send(url, '/', { headers: { 'accept-encoding': 'zstd, br;q=0.9, gzip;q=0.1' } });
    expect(Buffer.from(answer.body, 'latin1').equals(bytes)).toBe(true);
    expect(answer.fields.slice(0, 10)).toEqual([...fields, ...more]);
    expect(valuesOf(upstream.seen[0]!.fields, 'accept-encoding')).toEqual(['zstd, br;q=0.9, gzip;q=0.1']);
  });

  test.each([
    [
      'one range',
      ['Content-Type', 'text/plain', 'Content-Range', 'bytes 2-4/10', 'Content-Length', '3'],
      'cde',
    ],
    [
      'several',
      ['Content-Type', 'multipart/byteranges; boundary=x'],
      '--x\r\nContent-Range: bytes 0-0/9\r\n\r\na\r\n--x--\r\n',
    ],
  ])('%s of a body: Range and If-Range go there, 206 comes back as it is', async (_what, fields, body) => {
    const upstream = await startUpstream('up', (_request, response) =>
      response.writeHead(206, [...fields, 'Accept-Ranges', 'bytes']).end(body),
    );
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    const answer = await send(url, '/', { headers: { range: 'bytes=2-4, -1', 'if-range': '"v1"' } });
    expect(answer).toMatchObject({ status: 206, body });
    expect(answer.fields.slice(0, fields.length)).toEqual(fields);
    expect(valuesOf(upstream.seen[0]!.fields, 'range')).toEqual(['bytes=2-4, -1']);
    expect(valuesOf(upstream.seen[0]!.fields, 'if-range')).toEqual(['"v1"']);
  });

  test('a range that can’t be, 416, comes back with what there is', async () => {
    const upstream = await startUpstream('up', (_request, response) =>
      response.writeHead(416, { 'content-range': 'bytes */10' }).end(),
    );
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    const answer = await send(url, '/', { headers: { range: 'bytes=90-' } });
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */10']);
  });

  test('trailers lose what means something before a body alone', async () => {
    const upstream = await startRaw((socket) =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n' +
            '2\r\nhi\r\n0\r\nX-Sum: 1\r\nTE: x\r\nX_Forwarded_For: 6.6.6.6\r\n\r\n',
        ),
      ),
    );
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined });
    expect((await send(url)).trailers).toEqual(['X-Sum', '1']);
  });
});
