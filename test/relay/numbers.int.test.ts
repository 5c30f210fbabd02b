import { expect, inject, onTestFinished, test } from 'vitest';
import { findGaps, passGap } from '../../consumer/operator/index.ts';
import { append } from '../../outbox/append.ts';
import { discard, findParked } from '../../outbox/operator/index.ts';
import { countingConsumer, countingDatabase, journal, sequenced, upTo } from '../consumer/counting.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { scene } from './support.ts';

test('the whole way: an event given up in the outbox keeps its key waiting at the consumer until somebody lets it go on', async () => {
  const it = await scene();
  const service = await countingDatabase(await freshDatabase('inbox'));
  const appendNumbered = (id: string, n: number) =>
    append(
      (sql, values) => it.database.query(sql, values),
      { type: 'Counted', aggregate: { type: 'counter', id }, data: { n } },
      { registry: sequenced },
    );
  for (const n of upTo(5)) for (const id of ['k', 'o']) await appendNumbered(id, n);
  await it.database.query("UPDATE banyan_outbox SET source = '' WHERE aggregate_id = 'k' AND sequence = 3");
  await it.relay({ registry: sequenced });
  const consumer = countingConsumer(
    service,
    { name: it.stream, endpoint: inject('kinesis') },
    { registry: sequenced },
  );
  onTestFinished(async () => {
    await consumer.stop();
    await service.end();
  });
  await consumer.start();
  const handled = async (key: string) => (await journal(service)).get(key) ?? [];
  await until('what is before the poison', async () => (await handled('k')).length === 2);
  await until('the other key', async () => (await handled('o')).length === 5);
  const parked = await until('it is parked', async () => {
    const found = await findParked(it.database, {}, 10);
    return found.length === 1 ? found : undefined;
  });
  expect(parked).toMatchObject([{ key: 'counter:k', sequence: 3 }]);
  await discard(it.database, parked, { actor: 'ann', reason: 'test data' });
  await until('what is behind it is held', () => consumer.totals().held === 2);
  expect(await handled('k')).toEqual([1, 2]);
  expect(await findGaps(service, {}, 10)).toMatchObject([
    { key: 'counter:k', handled: '2', next: '4', held: 2 },
  ]);
  expect(await passGap(service, { application: 'counting', key: 'counter:k' }, { actor: 'ann' })).toBe('3');
  await appendNumbered('k', 6);
  await until('the key goes on', async () => (await handled('k')).length === 5);
  expect(await handled('k')).toEqual([1, 2, 4, 5, 6]);
  expect(await handled('o')).toEqual(upTo(5));
});
