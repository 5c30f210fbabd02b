import { expect, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { send } from './support/client.ts';
import { failuresOf, metric, shopConfig, started } from './support/gateway.ts';
import { closedUrl, startRaw, startUpstream } from './support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;

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

test('nor is a read with a body, which can’t be sent twice', async () => {
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: await closedUrl() });
  const gateway = await started(config, memorySource(READS));
  const headers = { 'content-length': '1' };
  expect((await send(gateway.url, '/inventory/a', { method: 'GET', body: 'x', headers })).status).toBe(502);
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
