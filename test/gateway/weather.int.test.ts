import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send, sendRaw } from './support/client.ts';
import { failuresOf, metric, shopConfig, started } from './support/gateway.ts';
import { startRaw, startUpstream } from './support/upstream.ts';

/** A port that nobody listens on. */
async function closedUrl(): Promise<string> {
  const upstream = await startUpstream('gone');
  await upstream.stop();
  return upstream.url;
}

/** Makes a request go the other way through the gateway, which node:http carries. */
const EXPECT = 'Expect: 100-continue';

/** A request with trailers, which goes another way through the gateway than plain ones. */
const CHUNKED = { trailer: 'x-t', 'transfer-encoding': 'chunked' };

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;

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

test('an upstream that is slower than its configured time is 504', async () => {
  const silent = await startRaw(() => {});
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: silent.url }, { timeout: '300ms' });
  const gateway = await started(config, memorySource(BOTH));
  const began = performance.now();
  expect(await send(gateway.url, '/inventory/a')).toMatchObject({
    status: 504,
    body: '504 Gateway Timeout\n',
  });
  expect(performance.now() - began).toBeGreaterThan(290);
  expect(performance.now() - began).toBeLessThan(1_500);
  expect((await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' })).status).toBe(504);
  expect(
    (await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x', headers: { trailer: 'x-t' } }))
      .status,
  ).toBe(504);
  expect(failuresOf(gateway)).toMatchObject(
    [1, 2, 3].map(() => ({ side: 'upstream', phase: 'head', upstream: 'inventory' })),
  );
  expect(monolith.seen).toEqual([]);
});

test('the configured time counts from the request’s last byte: a slow upload is not a slow upstream', async () => {
  const inventory = await startUpstream('inventory');
  const config = await shopConfig(
    { monolith: inventory.url, inventory: inventory.url },
    { timeout: '300ms' },
  );
  const gateway = await started(config, memorySource(BOTH));
  for (const field of ['X-Plain: 1', 'Trailer: X-T']) {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let got = '';
    socket.on('data', (chunk) => (got += chunk.toString()));
    socket.write(
      `POST /inventory/a HTTP/1.1\r\nHost: shop\r\n${field}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const began = performance.now();
    const trickle = setInterval(() => socket.write('1\r\nx\r\n'), 50);
    await until('twice the configured time', () => performance.now() - began > 600);
    clearInterval(trickle);
    socket.write('0\r\n\r\n');
    await until('the answer', () => got !== '');
    expect(got).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
  }
});

test('towards the monolith there is no time limit unless one is configured', async () => {
  const answers: (() => void)[] = [];
  const monolith = await startUpstream('monolith', (_request, response) => {
    answers.push(() => response.end('at last'));
  });
  const urls = { monolith: monolith.url, inventory: monolith.url };
  const patient = await started(await shopConfig(urls, { timeout: '200ms' }), memorySource());
  const hasty = await started(await shopConfig(urls, { monolithTimeout: '200ms' }), memorySource());
  const waiting = [send(patient.url, '/export'), send(patient.url, '/export', { headers: CHUNKED })];
  await until('the patient gateway’s requests', () => answers.length === 2);
  expect((await send(hasty.url, '/export')).status).toBe(504);
  for (const answer of answers) answer();
  for (const answer of waiting) expect((await answer).body).toBe('at last');
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

test('a safe request that a closed pooled connection swallowed is sent again, once; a write is not', async () => {
  const requests: string[] = [];
  // The first request of a connection is answered; at the second it is closed, as if its idle time had just run out.
  const upstream = await startRaw((socket) => {
    let served = 0;
    socket.on('data', (chunk) => {
      requests.push(chunk.toString().split(' ', 2).join(' '));
      if (served++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.destroy();
    });
  });
  const urls = { monolith: upstream.url, inventory: upstream.url };
  const gateway = await started(await shopConfig(urls), memorySource());
  expect((await send(gateway.url, '/1')).status).toBe(200);
  expect((await send(gateway.url, '/2')).status).toBe(200);
  expect(requests).toEqual(['GET /1', 'GET /2', 'GET /2']);
  expect(await metric(gateway, 'banyan_gateway_retries_total{upstream="monolith"}')).toBe(1);
  expect(failuresOf(gateway)).toEqual([]);

  requests.length = 0;
  expect((await send(gateway.url, '/3', { method: 'POST' })).status).toBe(502);
  expect(requests).toEqual(['POST /3']);

  requests.length = 0;
  expect((await send(gateway.url, '/inventory/a')).status).toBe(200);
  expect((await send(gateway.url, '/inventory/a/touch')).status).toBe(502);
  expect(requests).toEqual(['GET /inventory/a', 'GET /inventory/a/touch']);
});

test('a read whose extracted service is down is answered by the monolith, and counted', async () => {
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: await closedUrl() });
  const gateway = await started(config, memorySource(READS));
  const answer = await send(gateway.url, '/x/../stock/%61?q=%20');
  expect(answer).toMatchObject({ status: 200, body: 'monolith' });
  expect(monolith.seen[0]!.target).toBe('/x/../stock/%61?q=%20');
  expect(await metric(gateway, 'banyan_gateway_fallbacks_total{context="inventory"}')).toBe(1);
  expect(gateway.lines).toContainEqual(
    expect.objectContaining({
      msg: 'answered by the monolith instead',
      upstream: 'inventory',
      context: 'inventory',
      reason: 'reads extracted → extracted',
    }),
  );
});

test('so is a read whose extracted service is too slow', async () => {
  const monolith = await startUpstream('monolith');
  const silent = await startRaw(() => {});
  const config = await shopConfig({ monolith: monolith.url, inventory: silent.url }, { timeout: '200ms' });
  const gateway = await started(config, memorySource(READS));
  expect(await send(gateway.url, '/inventory/a')).toMatchObject({ status: 200, body: 'monolith' });
});

test('a write is never answered by the other side', async () => {
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: await closedUrl() });
  const gateway = await started(config, memorySource(BOTH));
  expect((await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' })).status).toBe(502);
  expect((await send(gateway.url, '/inventory/a/touch')).status).toBe(502);
  // Nor is a read, once the monolith no longer has what the writes wrote.
  expect((await send(gateway.url, '/inventory/a')).status).toBe(502);
  expect(monolith.seen).toEqual([]);
});

test('a service that breaks off after its answer has begun is not covered up by the monolith', async () => {
  const monolith = await startUpstream('monolith');
  const broken = await startRaw((socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setImmediate(() => socket.destroy());
    }),
  );
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: broken.url }),
    memorySource(READS),
  );
  await expect(send(gateway.url, '/inventory/a')).rejects.toThrow();
  expect(monolith.seen).toEqual([]);
});

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

test('a stop lets the request under way end, and takes no new one', async () => {
  let answer: (() => void) | undefined;
  const monolith = await startUpstream('monolith', (_request, response) => {
    answer = () => response.end('done');
  });
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: monolith.url }),
    memorySource(),
    {
      grace: 10_000,
    },
  );
  const waiting = send(gateway.url, '/a');
  await until('the request is under way', () => answer);
  const stopping = gateway.stop();
  await expect(sendRaw(gateway.url, 'GET / HTTP/1.0\r\n\r\n')).rejects.toThrow('ECONNREFUSED');
  answer!();
  expect((await waiting).body).toBe('done');
  await stopping;
});

test('a stop does not wait longer than its grace', async () => {
  const silent = await startRaw(() => {});
  const gateway = await started(
    await shopConfig({ monolith: silent.url, inventory: silent.url }),
    memorySource(),
    {
      grace: 100,
    },
  );
  const waiting = expect(send(gateway.url, '/a')).rejects.toThrow();
  await until(
    'the request is under way',
    async () => (await metric(gateway, 'banyan_gateway_requests_in_flight')) === 1,
  );
  await gateway.stop();
  await waiting;
});
