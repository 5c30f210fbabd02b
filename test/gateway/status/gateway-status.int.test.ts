import { expect, test } from 'vitest';
import type { GatewayStatus } from '../../../contexts/index.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { shopConfig, started, type Started } from '../support/gateway.ts';
import { startUpstream } from '../support/upstream.ts';

const statusOf = async ({ opsUrl }: Started): Promise<GatewayStatus> =>
  JSON.parse((await send(opsUrl, '/status')).body) as GatewayStatus;
const inventoryOf = async (gateway: Started) => (await statusOf(gateway)).contexts[0]!;

async function shop(stages: Parameters<typeof memorySource>[0]) {
  const monolith = await startUpstream('monolith');
  const inventory = await startUpstream('inventory', (request, response) => {
    if (request.url === '/inventory/broken') response.writeHead(500);
    if (request.url === '/inventory/gone') return void request.socket.destroy();
    response.end('inventory');
  });
  const source = memorySource(stages);
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: inventory.url }),
    source,
  );
  const read = (sku: string, field: Record<string, string> = {}) =>
    send(gateway.url, `/inventory/${sku}`, { headers: field });
  return { source, gateway, read };
}

test('the ops port tells by context who answered how, and what is in force', async () => {
  const { gateway, read } = await shop({ inventory: { reads: { stage: 'extracted' } } });
  for (const sku of ['a', 'b', 'broken']) await read(sku);
  await send(gateway.url, '/inventory/a', { method: 'POST' });
  await send(gateway.url, '/elsewhere');
  const status = await statusOf(gateway);
  expect(status).toMatchObject({
    gateway: 'g1',
    generation: 'first',
    revision: 1,
    missing: null,
    inFlight: 0,
  });
  const [inventory] = status.contexts;
  expect(inventory).toMatchObject({
    ...{ context: 'inventory', upstream: 'inventory', kill: null, carriesEvents: false },
    ...{ canShadow: true, hasCohort: true, reads: { stage: 'extracted' }, writes: { stage: 'legacy' } },
    thresholds: { maxLag: 5_000, parked: 0, errorRate: 1, latency: 1.5, slack: 20 },
    read: { service: { now: { requests: 3, failed: 1 } }, monolith: { now: { requests: 0 } } },
    write: { service: { now: { requests: 0 } }, monolith: { now: { requests: 1 } } },
  });
  expect(inventory!.read.service.now.buckets.reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(status.upstreams).toMatchObject([
    { upstream: 'monolith', monolith: true, breaker: null, now: { requests: 2 } },
    { upstream: 'inventory', monolith: false, breaker: 'closed', health: null, now: { requests: 3 } },
  ]);
});

test('a read that the monolith answers in the service’s place is a failure of the service, and none of the monolith’s own', async () => {
  const { gateway, read } = await shop({ inventory: { reads: { stage: 'extracted' } } });
  expect((await read('gone')).body).toBe('monolith');
  await read('a');
  const { read: reads } = await inventoryOf(gateway);
  expect(reads.service.now).toMatchObject({ requests: 2, failed: 1 });
  expect(reads.monolith.now).toMatchObject({ requests: 0, failed: 0 });
  expect(reads.monolith.now.buckets.every((count) => count === 0)).toBe(true);
});

test('a change of the stages begins anew; a change of another context, or the same stages again, does not', async () => {
  const { source, gateway, read } = await shop({ inventory: { reads: { stage: 'extracted' } } });
  await read('a');
  source.set({ other: {} });
  await until('the other change', async () => (await statusOf(gateway)).revision === 2);
  expect((await inventoryOf(gateway)).read.service.long.requests).toBe(1);
  source.set({ inventory: { reads: { stage: 'canary', percent: 100 } } });
  await until('the change', async () => (await statusOf(gateway)).revision === 3);
  await read('a', { cookie: 'sid=ada' });
  await read('b', { cookie: 'sid=ada' });
  const after = await inventoryOf(gateway);
  expect(after.read.service.now.requests).toBe(2);
  expect(after.read.service.long.requests).toBe(2);
  expect(after.sinceMs).toBeLessThan((await statusOf(gateway)).startedAgoMs);
});

test('a kill is told with who did it', async () => {
  const { gateway } = await shop({ inventory: { reads: { stage: 'extracted' } } });
  await send(gateway.opsUrl, '/kill', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ contexts: ['inventory'], by: 'ada', reason: 'wrong stock' }),
  });
  expect(await inventoryOf(gateway)).toMatchObject({ kill: { by: 'ada', reason: 'wrong stock' } });
});
