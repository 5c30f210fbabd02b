import { expect, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric, started } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { startRaw, startUpstream } from '../support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;
const HEALTH = 'banyan_gateway_health{upstream="inventory",check="active"}';
const CHECKS = 'health: { path: "/healthz?deep=1", every: 50ms, timeout: 50ms }';

test('a service that fails its checks gets no requests until it passes them again', async () => {
  let healthy = true;
  const inventory = await startUpstream('inventory', (request, response) => {
    response.statusCode = healthy || !request.url!.startsWith('/healthz') ? 200 : 503;
    response.end('inventory');
  });
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: inventory.url },
    { inventory: 'health: { path: "/healthz?deep=1", every: 100ms, timeout: 100ms, failures: 8 }' },
  );
  const gateway = await started(config, memorySource(READS));
  const bodyOf = async () => (await send(gateway.url, '/inventory/a')).body;
  await until('the service answers', async () => (await bodyOf()) === 'inventory');
  await until('it was checked', () => inventory.seen.some(({ target }) => target === '/healthz?deep=1'));
  await until('it is healthy', async () => (await metric(gateway, HEALTH)) === 1);
  healthy = false;
  await until('it is unhealthy', async () => (await metric(gateway, HEALTH)) === 0);
  expect(await (await fetch(`${gateway.opsUrl}/upstreams`)).json()).toMatchObject({
    inventory: { health: 'unhealthy', unhealthyWhy: expect.stringMatching(/^it answered 503|^no answer/) },
  });
  expect(await send(gateway.url, '/inventory/a')).toMatchObject({
    status: 200,
    body: 'monolith',
    headers: { 'server-timing': 'banyan;desc="fallback: unhealthy"' },
  });
  healthy = true;
  await until('it is healthy', async () => (await metric(gateway, HEALTH)) === 1);
  await until('the service answers again', async () => (await bodyOf()) === 'inventory');
  const told = gateway.lines.map((line) => line['msg']).filter((message) => /health/.test(String(message)));
  expect(told.slice(-2)).toEqual(['the upstream is unhealthy', 'the upstream is healthy again']);
});

test('a service that answers no check in time is unhealthy, and its writes get 503', async () => {
  const silent = await startRaw(() => {});
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: silent.url },
    { inventory: CHECKS },
  );
  const gateway = await started(config, memorySource(BOTH));
  await until('it is unhealthy', async () => (await metric(gateway, HEALTH)) === 0);
  expect(await send(gateway.url, '/inventory/a', { method: 'PUT', body: 'x' })).toMatchObject({
    status: 503,
    headers: { 'retry-after': '1' },
  });
  expect(await metric(gateway, 'banyan_gateway_shed_total{upstream="inventory",cause="health"}')).toBe(1);
  expect(monolith.seen).toEqual([]);
});

test('with the gateway its checks end', async () => {
  const inventory = await startUpstream('inventory');
  const config = await protectedShop(
    { monolith: inventory.url, inventory: inventory.url },
    { inventory: CHECKS },
  );
  const gateway = await started(config, memorySource(READS));
  await until('it was checked', () => inventory.seen.length > 2);
  await gateway.stop();
  const before = inventory.seen.length;
  const other = await startUpstream('other');
  for (let time = 0; time < 20; time += 1) await send(other.url, '/');
  expect(inventory.seen.length - before).toBeLessThan(2);
});
