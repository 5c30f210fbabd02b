import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { keepConsumerLag, samplesOf } from '../../control-plane/lag/keep-consumer-lag.ts';
import type { ContextLag } from '../../control-plane/lag/lag-report.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const outbox = { pending: 0, parked: 0, oldestAgeMs: null, oldestParkedAgeMs: null, rateIn: 0, rateOut: 0 };
const context: ContextLag = {
  ...{ name: 'orders', consumer: 'orders', ...outbox },
  ...{ consumerState: 'known', consumerLagMs: 40.2, consumerSeenAgoMs: 10 },
  ...{ endToEndState: 'known', endToEndMs: 6_000 },
};

test('both figures of a consumer are noted, unknown ones as such, and nothing of one that this process knows nothing of', () => {
  expect(samplesOf(context)).toEqual([
    { context: 'orders', figure: 'consumer', ageMs: 41 },
    { context: 'orders', figure: 'whole', ageMs: 6_000 },
  ]);
  expect(samplesOf({ ...context, consumerState: 'unknown', consumerLagMs: null })[0]).toMatchObject({
    ageMs: null,
  });
  expect(samplesOf({ ...context, endToEndState: 'none', endToEndMs: null })).toHaveLength(1);
  const silent = { consumerState: 'unknown', consumerLagMs: null, endToEndState: 'unknown' } as const;
  expect(samplesOf({ ...context, ...silent, endToEndMs: null, consumerSeenAgoMs: 60_000 })).toHaveLength(2);
  expect(samplesOf({ ...context, ...silent, endToEndMs: null, consumerSeenAgoMs: null })).toEqual([]);
});

test('it is written down again and again, says once when it can not be, and goes on when it can', async () => {
  const database = openDatabase(await freshDatabase('outbox'));
  const logged: string[] = [];
  let ageMs = 1_000;
  const keeping = keepConsumerLag({
    database,
    report: () => ({ contexts: [{ ...context, endToEndMs: (ageMs += 1) }] }),
    log: pino({}, { write: (line: string) => void logged.push(line) }),
    every: 10,
  });
  onTestFinished(async () => {
    await keeping.stop();
    await database.end();
  });
  const worst = async () => {
    const [rows] = await database.query(
      "SELECT MAX(worst_ms) AS worst FROM banyan_outbox_consumer_lag WHERE figure = 'whole'",
    );
    return Number((rows as [{ worst: number | null }])[0].worst);
  };
  await until('some looks are noted', async () => (await worst()) > 1_003);
  await database.query('RENAME TABLE banyan_outbox_consumer_lag TO elsewhere');
  const before = await until('a look failed', () => (logged.length > 0 ? ageMs : undefined));
  await until('more went by', () => ageMs > before + 5);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain('banyan install outbox --print');
  await database.query('RENAME TABLE elsewhere TO banyan_outbox_consumer_lag');
  await until('it goes on', async () => (await worst()) > before);
});
