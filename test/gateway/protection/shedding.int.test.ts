import { expect, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric, started } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { startRaw, startUpstream } from '../support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;

test('what is more than a service’s limit gets 503 and Retry-After at once, reads included', async () => {
  const held: (() => void)[] = [];
  const inventory = await startUpstream('inventory', (_request, response) => {
    held.push(() => response.end('inventory'));
  });
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: inventory.url },
    { inventory: 'concurrency: 2' },
  );
  const gateway = await started(config, memorySource(READS));
  const served = [send(gateway.url, '/inventory/a'), send(gateway.url, '/inventory/b')];
  await until('the service is full', () => held.length === 2);
  expect(await (await fetch(`${gateway.opsUrl}/upstreams`)).json()).toMatchObject({
    inventory: { underWay: 2 },
  });
  expect(await send(gateway.url, '/inventory/c')).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
  });
  expect((await send(gateway.url, '/other')).body).toBe('monolith');
  for (const end of held) end();
  for (const answer of served) expect((await answer).body).toBe('inventory');
  const next = send(gateway.url, '/inventory/d');
  await until('it has a place again', () => held.length === 3);
  held[2]!();
  expect((await next).body).toBe('inventory');
  expect(await metric(gateway, 'banyan_gateway_shed_total{upstream="inventory",cause="concurrency"}')).toBe(
    1,
  );
});

test('a client that goes away gives its place back', async () => {
  let waiting = 0;
  const inventory = await startRaw((socket) => socket.once('data', () => (waiting += 1)));
  const config = await protectedShop(
    { monolith: inventory.url, inventory: inventory.url },
    { inventory: 'concurrency: 1' },
  );
  const gateway = await started(config, memorySource(BOTH));
  for (const headers of [{}, { expect: '100-continue' }]) {
    const leaving = new AbortController();
    const before = waiting;
    const left = send(gateway.url, '/inventory/a', { signal: leaving.signal, headers });
    await until('it is with the service', () => waiting > before);
    leaving.abort();
    await expect(left).rejects.toThrow();
    await until('the place is free', async () => {
      const page = (await (await fetch(`${gateway.opsUrl}/upstreams`)).json()) as {
        inventory: { underWay: number };
      };
      return page.inventory.underWay === 0;
    });
  }
});

test('retries stay within their budget when every pooled connection breaks', async () => {
  let asked = 0;
  // The first request of a connection is answered; at the second it is closed.
  const inventory = await startRaw((socket) => {
    let served = 0;
    socket.on('data', () => {
      asked += 1;
      if (served++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.destroy();
    });
  });
  const config = await protectedShop(
    { monolith: inventory.url, inventory: inventory.url },
    { inventory: 'breaker: none', context: 'fallback: false' },
  );
  const gateway = await started(config, memorySource(READS));
  const requests = 300;
  for (let request = 0; request < requests; request += 1) await send(gateway.url, '/inventory/a');
  const retries = (await metric(gateway, 'banyan_gateway_retries_total{upstream="inventory"}'))!;
  expect(asked).toBe(requests + retries);
  expect(retries).toBeGreaterThan(requests * 0.19);
  expect(retries).toBeLessThanOrEqual(requests * 0.2 + 3);
});
