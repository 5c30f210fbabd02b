import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { compileSnapshot, type ReadsStage } from '../../contexts/index.ts';
import { stateMetrics, type GatewayState } from '../../gateway/state-metrics.ts';
import { configOf } from '../contexts/sample.ts';

const config = configOf(`
monolith: shop
upstreams: { shop: { url: http://a }, stock: { url: http://b } }
contexts:
  inventory: { upstream: stock, routes: [GET /inventory/:sku], cohort: { cookie: sid } }
`);
const snapshotOf = (reads: ReadsStage) =>
  compileSnapshot(config, {
    generation: 'g',
    revision: 3,
    contexts: { inventory: { reads, writes: { stage: 'legacy' }, salt: 's' } },
  });

/** What a scrape shows, line by line. */
async function shown(state: Partial<GatewayState> = {}): Promise<string[]> {
  const registry = new Registry();
  stateMetrics(registry, {
    config: () => config,
    snapshot: () => snapshotOf({ stage: 'legacy' }),
    missing: () => undefined,
    storeSeenAgo: () => 250,
    ...state,
  });
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('says which upstream is the monolith, whatever its name, and that what it answers itself is no upstream’s', async () => {
  expect((await shown()).filter((line) => line.includes('upstream_info'))).toEqual([
    'banyan_gateway_upstream_info{upstream="shop",role="monolith"} 1',
    'banyan_gateway_upstream_info{upstream="stock",role="extracted"} 1',
    'banyan_gateway_upstream_info{upstream="",role="gateway"} 1',
  ]);
});

test.each([
  [{ stage: 'legacy' }, '0'],
  [{ stage: 'shadow' }, '0'],
  [{ stage: 'canary', percent: 2.5 }, '0.025'],
  [{ stage: 'extracted' }, '1'],
  [{ stage: 'retired' }, 'Nan'],
] as const)('shows the stages in force, and the share that they mean: %j', async (reads, share) => {
  const lines = await shown({ snapshot: () => snapshotOf(reads) });
  expect(lines).toContain(
    `banyan_gateway_context_info{context="inventory",upstream="stock",reads="${reads.stage}",writes="legacy"} 1`,
  );
  expect(lines).toContain(`banyan_gateway_extracted_ratio{context="inventory"} ${share}`);
});

test('is not ready without a snapshot, and knows no time since a store that never answered', async () => {
  expect(await shown()).toEqual(
    expect.arrayContaining(['banyan_gateway_ready 1', 'banyan_gateway_store_seen_seconds 0.25']),
  );
  expect(await shown({ missing: () => 'no snapshot', storeSeenAgo: () => undefined })).toEqual(
    expect.arrayContaining(['banyan_gateway_ready 0', 'banyan_gateway_store_seen_seconds Nan']),
  );
});
