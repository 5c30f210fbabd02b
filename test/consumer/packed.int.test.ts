import { expect, inject, onTestFinished, test } from 'vitest';
import type { Consumer } from '../../consumer/index.ts';
import { aggregate } from '../../outbox/aggregated-record.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, upTo, writeDown } from './counting.ts';
import { counted, ForeignRecord, put } from './events.ts';

const packed = (...events: CloudEvent[]) =>
  new ForeignRecord(
    'k',
    aggregate(
      'k',
      events.map((event) => Buffer.from(JSON.stringify(event))),
    ),
  );

async function service(...records: Parameters<typeof put>[1][number][]) {
  const database = await countingDatabase(await freshDatabase('inbox'));
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  await put(stream.name, records);
  const consumers: Consumer[] = [];
  onTestFinished(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await database.end();
  });
  return {
    database,
    async started(...more: [] | [Parameters<typeof countingConsumer>[2]]) {
      const consumer = countingConsumer(database, stream, ...more);
      consumers.push(consumer);
      await consumer.start();
      return consumer;
    },
  };
}

test('takes packed events apart, in order, and passes over a record whose sum is wrong', async () => {
  const broken = Buffer.from(packed(counted('k', 9)).bytes);
  broken[broken.length - 1]! ^= 1;
  const { database, started } = await service(
    counted('k', 1),
    packed(counted('k', 2), counted('k', 3, { type: 'Unknown' }), counted('k', 4)),
    new ForeignRecord('k', broken),
    packed(counted('k', 5), counted('k', 6, { type: 'Unknown' })),
  );
  const consumer = await started();
  await until('all read', () => consumer.totals().unhandled === 2);
  expect(consumer.totals()).toEqual({
    handled: 4,
    duplicate: 0,
    unhandled: 2,
    foreign: 1,
    replay: 0,
    held: 0,
    retries: 0,
  });
  expect((await journal(database)).get('k')).toEqual([1, 2, 4, 5]);
  await consumer.stop();
  const again = await started();
  await until('read again', () => again.lag().lagMs !== null);
  expect(Object.values(again.totals())).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

test('stopped in the middle of packed events, it goes on there; one that was rolled back counts as not handled', async () => {
  const { database, started } = await service(
    counted('k', 1),
    packed(counted('k', 2), counted('k', 3), counted('k', 4)),
    counted('k', 5),
  );
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let rolledBack = false;
  const first = await started({
    handlers: {
      async Counted(event, tx) {
        const { n } = event.data as { n: number };
        if (n === 2 && !rolledBack) {
          rolledBack = true;
          return void (await tx.query('ROLLBACK'));
        }
        if (n === 3) {
          reached.resolve();
          await gate.promise;
        }
        await writeDown(event, tx);
      },
    },
  });
  await reached.promise;
  const stopped = first.stop();
  gate.resolve();
  await stopped;
  expect((await journal(database)).get('k')).toEqual(upTo(3));
  const second = await started();
  await until('the others', () => second.totals().handled === 2);
  expect((await journal(database)).get('k')).toEqual(upTo(5));
  expect(second.totals().duplicate).toBe(2);
});
