import { randomUUID } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { afterEach, expect, inject, onTestFinished, test } from 'vitest';
import { mysqlInbox, type Consumer } from '../../consumer/index.ts';
import type { Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until, untilOpenTransactions } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, journalSize, upTo, writeDown } from './counting.ts';
import { counted, countedEvents, ForeignRecord, put } from './events.ts';

const running = new Set<Consumer>();
afterEach(async () => {
  await Promise.all([...running].map((consumer) => consumer.stop()));
  running.clear();
});

async function service(
  shards = 2,
): Promise<{ database: Database; stream: { name: string; endpoint: string } }> {
  const database = await countingDatabase(await freshDatabase('inbox'));
  onTestFinished(() => database.end());
  return { database, stream: { name: await freshStream(shards), endpoint: inject('kinesis') } };
}

async function started(...args: Parameters<typeof countingConsumer>): Promise<Consumer> {
  const consumer = countingConsumer(...args);
  running.add(consumer);
  await consumer.start();
  return consumer;
}

test('handles every event of all shards once, each key in order', async () => {
  const { database, stream } = await service(4);
  await put(stream.name, countedEvents(20, 10));
  const consumer = await started(database, stream);
  await until('200 handled', () => consumer.totals().handled === 200);
  const found = await journal(database);
  expect(found.size).toBe(20);
  for (const numbers of found.values()) expect(numbers).toEqual(upTo(10));
});

test('handles thousands of events on four shards', async () => {
  const { database, stream } = await service(4);
  await put(stream.name, countedEvents(100, 30));
  const consumer = await started(database, stream);
  await until('3,000 handled', () => consumer.totals().handled === 3_000);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(30));
});

test('goes on from its checkpoint after a restart', async () => {
  const { database, stream } = await service();
  await put(stream.name, countedEvents(5, 4));
  const first = await started(database, stream);
  await until('20 handled', () => first.totals().handled === 20);
  await first.stop();
  // An inbox that forgot everything: only the checkpoint keeps the first 20 from being handled again.
  await database.query('DELETE FROM banyan_inbox');
  await put(stream.name, [counted('late', 1)]);
  const second = await started(database, stream);
  await until('1 handled', () => second.totals().handled === 1);
  expect(second.totals()).toMatchObject({ handled: 1, duplicate: 0 });
  expect(await journalSize(database)).toBe(21);
});

test('applies a record that arrives twice once', async () => {
  const { database, stream } = await service();
  const event = counted('k', 1);
  await put(stream.name, [event, event, counted('k', 2), event]);
  const consumer = await started(database, stream);
  await until('4 read', () => consumer.totals().handled + consumer.totals().duplicate === 4);
  expect(consumer.totals()).toMatchObject({ handled: 2, duplicate: 2 });
  expect((await journal(database)).get('k')).toEqual([1, 2]);
});

test('tells long ids apart that begin alike, and ids that differ in a trailing space', async () => {
  const { database, stream } = await service();
  const long = 'x'.repeat(80);
  const ids = [`${long}1`, `${long}2`, 'a', 'a ', 'ä', `${long}1`];
  await put(
    stream.name,
    ids.map((id, i) => counted('k', i + 1, { id })),
  );
  const consumer = await started(database, stream);
  await until('6 read', () => consumer.totals().handled + consumer.totals().duplicate === 6);
  expect((await journal(database)).get('k')).toEqual([1, 2, 3, 4, 5]);
});

test('two applications each handle every event', async () => {
  const { database, stream } = await service();
  await put(stream.name, countedEvents(2, 5));
  const one = await started(database, stream, { application: 'one' });
  const two = await started(database, stream, { application: 'two' });
  await until('both', () => one.totals().handled === 10 && two.totals().handled === 10);
});

test('started twice, an application doubles no effect and inverts no key', async () => {
  const { database, stream } = await service(3);
  await put(stream.name, countedEvents(15, 40));
  const both = await Promise.all([started(database, stream), started(database, stream)]);
  const read = ({ totals }: Consumer) => totals().handled + totals().duplicate;
  const effects = () => both.reduce((sum, consumer) => sum + consumer.totals().handled, 0);
  await until('all handled', () => effects() === 600 && both.every((consumer) => read(consumer) > 0));
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(40));
  expect(await journalSize(database)).toBe(600);
  expect(both.every((consumer) => consumer.totals().handled > 0)).toBe(true);
});

test('passes over types without a handler and records that are no CloudEvents, and remembers that it did', async () => {
  const { database, stream } = await service(1);
  await put(stream.name, [
    counted('k', 1),
    new ForeignRecord('k', 'not json'),
    new ForeignRecord('k', '[]'),
    new ForeignRecord('k', '{"specversion":"0.3","id":"1","source":"/","type":"Counted"}'),
    new ForeignRecord('k', '{"specversion":"1.0","source":"/","type":"Counted"}'),
    new ForeignRecord('k', Buffer.from([0xff, 0xfe, 0x00])),
    counted('k', 2, { type: 'Unknown' }),
    counted('k', 3, { type: 'constructor' }),
    counted('k', 4),
    counted('k', 5, { type: 'Unknown' }),
  ]);
  const consumer = await started(database, stream);
  await until('all read', () => consumer.totals().unhandled === 3);
  expect(consumer.totals()).toEqual({
    handled: 2,
    duplicate: 0,
    unhandled: 3,
    foreign: 5,
    replay: 0,
    held: 0,
    retries: 0,
  });
  expect((await journal(database)).get('k')).toEqual([1, 4]);
  await consumer.stop();
  const again = await started(database, stream);
  await until('read again', () => again.lag().lagMs !== null);
  expect(again.totals()).toEqual({
    handled: 0,
    duplicate: 0,
    unhandled: 0,
    foreign: 0,
    replay: 0,
    held: 0,
    retries: 0,
  });
});

test('tries an event whose handler failed again, before anything that follows it in its shard', async () => {
  const { database, stream } = await service(1);
  await put(stream.name, countedEvents(2, 3));
  const failures: number[] = [];
  const consumer = await started(database, stream, {
    handlers: {
      async Counted(event, tx) {
        await writeDown(event, tx);
        const { n } = event.data as { n: number };
        if (event.subject === 'k0' && n === 2 && failures.push(n) <= 3) throw new Error('not yet');
      },
    },
  });
  await until('6 handled', () => consumer.totals().handled === 6);
  expect(consumer.totals().retries).toBe(3);
  expect([...(await journal(database))]).toEqual([
    ['k0', [1, 2, 3]],
    ['k1', [1, 2, 3]],
  ]);
  const [rows] = await database.query<RowDataPacket[]>('SELECT counter, n FROM journal ORDER BY seq');
  expect(rows.map(({ counter, n }) => `${counter}:${n}`)).toEqual([
    'k0:1',
    'k1:1',
    'k0:2',
    'k1:2',
    'k0:3',
    'k1:3',
  ]);
});

test('tries a deadlock victim again at once', async () => {
  const { database, stream } = await service(1);
  await database.query('CREATE TABLE pair (id INT PRIMARY KEY, n INT NOT NULL)');
  await database.query('INSERT INTO pair VALUES (1, 0), (2, 0)');
  const other = await database.getConnection();
  onTestFinished(() => other.release());
  await put(stream.name, [counted('k', 1)]);
  let attempts = 0;
  const lines: string[] = [];
  const consumer = await started(database, stream, {
    log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    handlers: {
      async Counted(event, tx) {
        attempts += 1;
        await tx.query('UPDATE pair SET n = n + 1 WHERE id = 1');
        if (attempts === 1) {
          // The other transaction is the heavier one, so that this one is the victim.
          await other.beginTransaction();
          await other.query('CREATE TEMPORARY TABLE weight (id INT PRIMARY KEY) ENGINE = InnoDB');
          await other.query(
            'INSERT INTO journal (counter, n) VALUES (?, 0), (?, 0), (?, 0), (?, 0), (?, 0)',
            Array.from({ length: 5 }, () => 'other'),
          );
          await other.query('UPDATE pair SET n = n + 10 WHERE id = 2');
          const blocked = other.query('UPDATE pair SET n = n + 10 WHERE id = 1').then(() => other.commit());
          await untilOpenTransactions('the other waits', async () => {
            const [rows] = await database.query<RowDataPacket[]>(
              "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
            );
            return rows.length > 0;
          });
          await tx
            .query('UPDATE pair SET n = n + 1 WHERE id = 2')
            .finally(() => void blocked.catch(() => {}));
        } else await tx.query('UPDATE pair SET n = n + 1 WHERE id = 2');
        await writeDown(event, tx);
      },
    },
  });
  await until('handled', () => consumer.totals().handled === 1);
  expect(attempts).toBe(2);
  const [rows] = await database.query<RowDataPacket[]>('SELECT n FROM pair ORDER BY id');
  expect(rows.map(({ n }) => n)).toEqual([11, 11]);
  // Whatever waits before it tries again says so.
  expect(lines).toEqual([]);
});

test('does not take an event for handled whose transaction was rolled back underneath its handler', async () => {
  const { database, stream } = await service(1);
  await put(stream.name, [counted('k', 1)]);
  let attempts = 0;
  const consumer = await started(database, stream, {
    handlers: {
      async Counted(event, tx) {
        attempts += 1;
        if (attempts === 1) return void (await tx.query('ROLLBACK'));
        await writeDown(event, tx);
      },
    },
  });
  await until('handled', () => consumer.totals().handled === 1);
  expect((await journal(database)).get('k')).toEqual([1]);
  expect(attempts).toBe(2);
});

test('stop waits for the record in hand and commits it', async () => {
  const { database, stream } = await service(1);
  await put(stream.name, countedEvents(1, 3));
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const consumer = await started(database, stream, {
    handlers: {
      async Counted(event, tx) {
        reached.resolve();
        await gate.promise;
        await tx.query('SELECT SLEEP(0.3)');
        await writeDown(event, tx);
      },
    },
  });
  await reached.promise;
  const stopped = consumer.stop();
  gate.resolve();
  await stopped;
  expect((await journal(database)).get('k0')).toEqual([1]);
  const again = await started(database, stream);
  await until('the others', () => again.totals().handled === 2);
  expect((await journal(database)).get('k0')).toEqual([1, 2, 3]);
});

test('stops when its signal aborts', async () => {
  const { database, stream } = await service(1);
  const signal = new AbortController();
  const consumer = await started(database, stream, { ops: '127.0.0.1:0', signal: signal.signal });
  expect(consumer.opsUrl()).toBeDefined();
  signal.abort();
  await until('stopped', () => consumer.opsUrl() === undefined);
});

test('never moves a checkpoint backwards, however long the numbers are', async () => {
  const { database } = await service(1);
  const inbox = mysqlInbox(database);
  const place = { application: 'a', stream: 's', shard: 'x' };
  await inbox.advance({ ...place, sequenceNumber: '99' });
  await inbox.advance({ ...place, sequenceNumber: '100' });
  await inbox.advance({ ...place, sequenceNumber: '99' });
  expect(await inbox.checkpoint(place)).toBe('100');
  await inbox.apply({ ...place, sequenceNumber: '98' }, randomUUID(), async () => {});
  expect(await inbox.checkpoint(place)).toBe('100');
});
