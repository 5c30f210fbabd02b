import { expect, test } from 'vitest';
import type { SnapshotSource } from '../../../contexts/index.ts';
import { watchLag } from '../../../gateway/own-writes/lag-watch.ts';
import { memorySource, type MemorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { keptLog, metric, started } from '../support/gateway.ts';
import { read, scene } from './scene.ts';

const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

async function shop(source: SnapshotSource) {
  const it = await scene({ context: { afterWrite: undefined, maxLag: 2_000, consumer: 'inventory' } });
  return started(it.config, source);
}

const answers = (gateway: { url: string }, who: string) =>
  until(`the ${who} answers`, async () => (await read(gateway, 'ada')) === who);

test('reads are with the monolith while the lag is unknown, too great or below zero, and with the service otherwise', async () => {
  const source = memorySource(EXTRACTED);
  const gateway = await shop(source);
  expect(await read(gateway, 'ada')).toBe('monolith');
  expect(await metric(gateway, 'banyan_gateway_context_lag_seconds{context="inventory"}')).toBeNaN();
  source.lags = { inventory: 300 };
  await answers(gateway, 'service');
  for (const bad of [{ inventory: 2_001 }, {}, { inventory: -1 }] as Record<string, number>[]) {
    const gone = await shop(source);
    await answers(gone, 'service');
    source.lags = bad;
    await answers(gone, 'monolith');
    source.lags = { inventory: 300 };
  }
  expect(
    await metric(gateway, 'banyan_gateway_followed_reads_total{context="inventory",cause="lag"}'),
  ).toBeGreaterThan(0);
});

test('a lag that nobody tells any more grows by itself, and is too great when the time since makes it so', async () => {
  const source = memorySource(EXTRACTED);
  source.lags = { inventory: 500 };
  const gateway = await shop(source);
  await answers(gateway, 'service');
  source.away = true;
  const began = performance.now();
  await answers(gateway, 'monolith');
  expect(performance.now() - began).toBeGreaterThan(1_000);
  expect(gateway.lines.filter(({ msg }) => String(msg).startsWith('the lag can’t be read'))).toHaveLength(1);
});

test('a source that knows no lag is one of which the lag is unknown', async () => {
  const { lag: _lag, ...silent } = memorySource(EXTRACTED) as MemorySource & Required<SnapshotSource>;
  const gateway = await shop(silent);
  await until('it was asked', () =>
    gateway.lines.some(({ err }) => String(JSON.stringify(err)).includes('no lag')),
  );
  expect(await read(gateway, 'ada')).toBe('monolith');
});

test('a lag that was too great has to stay good for a while, so that nobody swings', async () => {
  const source = memorySource(EXTRACTED);
  const { config } = await scene({ context: { afterWrite: undefined, maxLag: 1_000, consumer: 'i' } });
  const goodFor = 1_200;
  const watch = watchLag({ config, source, log: keptLog().log, goodFor });
  const why = () => watch.behind().get('inventory');
  source.lags = { inventory: 100 };
  // At first nobody has to be kept from swinging.
  const began = performance.now();
  await until('it is good', () => why() === undefined);
  expect(performance.now() - began).toBeLessThan(goodFor);
  source.lags = { inventory: 1_500 };
  await until('it is bad', () => why() === 'the consumer’s lag is above maxLag (1000 ms)');
  source.lags = { inventory: 100 };
  await until(
    'it is good and not believed',
    () => why() === 'the consumer’s lag was above maxLag (1000 ms) a moment ago',
  );
  const good = performance.now();
  await until('it is believed', () => why() === undefined);
  expect(performance.now() - good).toBeGreaterThan(goodFor - 100);
  await watch.stop();
});
