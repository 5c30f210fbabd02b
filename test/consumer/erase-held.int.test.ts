import type { RowDataPacket } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { mysqlInbox } from '../../consumer/index.ts';
import {
  countHeld,
  eraseHeld,
  findGaps,
  findKnown,
  handleKnown,
  readInboxAudit,
} from '../../consumer/operator/index.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, sequenced } from './counting.ts';
import { numberedEvent, put } from './events.ts';

const ann = { actor: 'ann', reason: 'request 1207' };
const KEY = 'counter:k';
const personal = (key: string, n: number) =>
  numberedEvent(key, n, { data: { n, name: 'Ada' }, nickname: 'Ada L.' } as Partial<CloudEvent>);

async function service() {
  const database = await countingDatabase(await freshDatabase('inbox'));
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  onTestFinished(() => database.end());
  return {
    database,
    put: (...events: CloudEvent[]) => put(stream.name, events),
    apply: (event: CloudEvent, application = 'counting') =>
      mysqlInbox(database).numbers!.apply(
        { application, stream: 's', shard: 'shard' },
        { event, key: event.partitionkey, number: BigInt(event.sequence!) },
        { effect: async () => {}, recorded: Date.now() },
      ),
    async started() {
      const consumer = countingConsumer(database, stream, { registry: sequenced });
      onTestFinished(() => consumer.stop());
      await consumer.start();
      return consumer;
    },
    async kept() {
      const [held] = await database.query<RowDataPacket[]>('SELECT * FROM banyan_inbox_held ORDER BY id');
      return JSON.stringify(held);
    },
  };
}

test('what is held of a key is erased and never handled; the key goes on behind it in order, and other keys keep theirs', async () => {
  const { database, put: send, started, kept } = await service();
  const consumer = await started();
  await send(
    ...[1, 3, 4, 1].map((n) => personal('k', n)),
    ...[1, 3].map((n) => numberedEvent('o', n, { data: { n, name: 'Bob' } })),
  );
  await until('all read', () => consumer.totals().handled === 2 && consumer.totals().held === 4);
  expect(await countHeld(database, KEY)).toEqual({ waiting: 2, parked: 1, applications: ['counting'] });
  expect(await kept()).toContain('Ada');

  expect(await eraseHeld(database, KEY, ann)).toEqual({ waiting: 2, parked: 1 });
  expect(await kept()).not.toMatch(/Ada/);
  expect(await kept()).toContain('Bob');
  expect(await findKnown(database, {}, 10)).toEqual([]);
  expect(await findGaps(database, { key: KEY }, 10)).toMatchObject([{ handled: '1', next: '3', held: 2 }]);
  expect(await countHeld(database, KEY)).toMatchObject({ waiting: 2, parked: 0 });

  await send(personal('k', 2), personal('k', 5), numberedEvent('o', 2));
  await until('handled', () => consumer.totals().handled === 6);
  expect([...(await journal(database))]).toEqual([
    ['k', [1, 2, 5]],
    ['o', [1, 2, 3]],
  ]);
  expect(await kept()).toBe('[]');
});

test('a second run finds nothing more; the audit says which and why, and nothing of what they were', async () => {
  const { database, apply, kept } = await service();
  const waits = personal('k', 3);
  const parked = [personal('k', 1), personal('k', 1)] as const;
  for (const event of [numberedEvent('k', 1), waits, ...parked]) await apply(event);
  const [first] = await findKnown(database, {}, 10);
  await handleKnown(database, first!, ann);
  expect(await eraseHeld(database, KEY, ann)).toEqual({ waiting: 1, parked: 2 });
  const after = await kept();
  expect(await eraseHeld(database, KEY, ann)).toEqual({ waiting: 0, parked: 0 });
  expect(await kept()).toBe(after);
  const entries = await readInboxAudit(database, 10);
  const erased = entries.filter(({ action }) => action === 'erased').map(({ detail }) => detail);
  expect(erased.toSorted()).toEqual(
    [
      `number 3, event ${waits.id}, was waiting`,
      ...parked.map(({ id }) => `number 1, event ${id}, was parked`),
    ].toSorted(),
  );
  expect(entries[0]).toMatchObject({ actor: 'ann', reason: 'request 1207', key: KEY });
  expect(JSON.stringify(entries)).not.toMatch(/Ada/);
  // What comes again is a duplicate: neither is held once more, nor handled.
  for (const event of [waits, ...parked]) expect((await apply(event)).outcome).toBe('duplicate');
});

test('many events, of several applications and of keys that differ in a space, are all erased', async () => {
  const { database, apply, kept } = await service();
  for (const application of ['counting', 'other']) await apply(numberedEvent('k', 1), application);
  await apply(numberedEvent('k ', 1));
  for (let n = 3; n < 233; n += 1) await apply(personal('k', n));
  await apply(personal('k', 3), 'other');
  await apply(numberedEvent('k ', 3, { data: { n: 3, name: 'Bob' } }));
  expect(await eraseHeld(database, KEY, ann)).toEqual({ waiting: 231, parked: 0 });
  const all = await kept();
  expect([all.includes('Ada'), all.includes('Bob')]).toEqual([false, true]);
});
