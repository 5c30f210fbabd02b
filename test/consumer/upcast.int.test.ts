import { expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { defineRegistry } from '../../consumer/index.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal } from './counting.ts';
import { counted, put } from './events.ts';

test('a handler gets the newest version; a version that is not known makes its shard wait', async () => {
  const schema = z.object({});
  const registry = defineRegistry({
    events: {
      Counted: {
        aggregate: 'counter',
        versions: { 1: { schema }, 2: { schema, upcast: ({ old }) => ({ n: old }) } },
      },
    },
  });
  const database = await countingDatabase(await freshDatabase('inbox'));
  onTestFinished(() => database.end());
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  await put(stream.name, [
    counted('k', 0, { data: { old: 1 } }),
    counted('k', 2, { dataversion: 2 }),
    counted('k', 3, { dataversion: 3 }),
    counted('k', 4, { dataversion: 2 }),
  ]);
  const consumer = countingConsumer(database, stream, { registry });
  onTestFinished(() => consumer.stop());
  await consumer.start();
  await until('the shard waits', () => consumer.totals().handled === 2 && consumer.totals().retries > 1);
  expect((await journal(database)).get('k')).toEqual([1, 2]);
});
