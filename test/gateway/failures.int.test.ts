import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { failuresOf, metric, shopConfig, started } from './support/gateway.ts';
import { closedUrl, startRaw, startUpstream } from './support/upstream.ts';

/** Makes a request go the other way through the gateway, which node:http carries. */
const EXPECT = 'Expect: 100-continue';

test('an upstream that is down is 502 with a short body, and the log says which side failed', async () => {
  const inventory = await startUpstream('inventory');
  const gateway = await started(
    await shopConfig({ monolith: await closedUrl(), inventory: inventory.url }),
    memorySource(),
  );
  const answer = await send(gateway.url, '/inventory/a');
  expect(answer).toMatchObject({ status: 502, body: '502 Bad Gateway\n' });
  expect(failuresOf(gateway)).toEqual([
    { side: 'upstream', phase: 'connect', upstream: 'monolith', context: 'inventory', revision: 1 },
  ]);
  expect(
    await metric(
      gateway,
      'banyan_gateway_failures_total{upstream="monolith",side="upstream",phase="connect"}',
    ),
  ).toBe(1);
});

test('an upstream that closes without an answer is 502', async () => {
  const upstream = await startRaw((socket) => socket.once('data', () => socket.end()));
  const gateway = await started(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource(),
  );
  expect((await send(gateway.url, '/a', { method: 'POST', body: 'x' })).status).toBe(502);
  expect(failuresOf(gateway)).toMatchObject([{ side: 'upstream', phase: 'head', upstream: 'monolith' }]);
});

test('an answer that is no HTTP is 502', async () => {
  const upstream = await startRaw((socket) => socket.once('data', () => socket.end('what?\r\n\r\n')));
  const gateway = await started(
    await shopConfig({ monolith: upstream.url, inventory: upstream.url }),
    memorySource(),
  );
  expect((await send(gateway.url, '/a')).status).toBe(502);
});

test.each(['Content-Length: 100\r\n\r\nhalf of', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'])(
  'an upstream that breaks half-way through a body breaks the client’s connection: %j',
  async (rest) => {
    for (const version of ['HTTP/1.1', 'HTTP/1.0'])
      for (const field of ['X-Plain: 1', EXPECT]) {
        const sockets: Socket[] = [];
        const upstream = await startRaw((socket) => {
          sockets.push(socket);
          socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${rest}`));
        });
        const urls = { monolith: upstream.url, inventory: upstream.url };
        const gateway = await started(await shopConfig(urls), memorySource());
        const { hostname, port } = new URL(gateway.url);
        const client = connect(Number(port), hostname);
        let got = '';
        let reset = false;
        let closed = false;
        client.on('data', (chunk) => (got += chunk.toString()));
        client.on('error', () => (reset = true));
        client.on('close', () => (closed = true));
        client.write(`GET /a ${version}\r\nHost: shop\r\n${field}\r\n\r\n`);
        await until('the first half', () => got.includes('half'));
        sockets[0]!.destroy();
        await until('the end', () => closed);
        expect(got).not.toContain('0\r\n\r\n');
        if (version === 'HTTP/1.0' && !rest.startsWith('Content-Length')) expect(reset).toBe(true);
        expect(failuresOf(gateway)).toMatchObject([
          { side: 'upstream', phase: 'body', upstream: 'monolith' },
        ]);
      }
  },
);

test.each(['X-Plain: 1', EXPECT])(
  'a client that goes away while it waits, downloads or uploads takes the upstream request with it: %s',
  async (field) => {
    for (const [how, request, reply] of [
      ['waits', `GET /a HTTP/1.1\r\nHost: shop\r\n${field}\r\n\r\n`, ''],
      [
        'downloads',
        `GET /a HTTP/1.1\r\nHost: shop\r\n${field}\r\n\r\n`,
        'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal',
      ],
      ['uploads', `POST /a HTTP/1.1\r\nHost: shop\r\n${field}\r\nContent-Length: 9\r\n\r\nhal`, ''],
    ] as const) {
      let reached = false;
      let aborted = false;
      const upstream = await startRaw((socket) => {
        socket.on('data', () => {
          reached = true;
          socket.write(reply);
        });
        socket.on('close', () => (aborted = true));
        socket.on('end', () => (aborted = true));
      });
      const urls = { monolith: upstream.url, inventory: upstream.url };
      const gateway = await started(await shopConfig(urls), memorySource());
      const { hostname, port } = new URL(gateway.url);
      const client = connect(Number(port), hostname);
      client.write(request);
      let got = '';
      client.on('data', (chunk) => (got += chunk.toString()));
      await until(`the client ${how}`, () => reached && (reply === '' || got.endsWith('hal')));
      client.destroy();
      await until('the upstream request is aborted', () => aborted, 1_000);
      await until('it is logged', () => failuresOf(gateway).length > 0);
      const phase = how === 'downloads' ? 'body' : 'head';
      expect(failuresOf(gateway)).toMatchObject([{ side: 'client', phase, upstream: 'monolith' }]);
    }
  },
);

test('after an outage of an upstream the next request goes through', async () => {
  const upstream = await startUpstream('monolith');
  const { url } = upstream;
  const gateway = await started(await shopConfig({ monolith: url, inventory: url }), memorySource());
  expect((await send(gateway.url, '/a')).status).toBe(200);
  await upstream.stop();
  expect((await send(gateway.url, '/a')).status).toBe(502);
  await new Promise<void>((resolve) =>
    upstream.server.listen(Number(new URL(url).port), '127.0.0.1', resolve),
  );
  expect((await send(gateway.url, '/a')).status).toBe(200);
});
