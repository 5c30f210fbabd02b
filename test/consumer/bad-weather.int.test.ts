import { afterEach, expect, inject, onTestFinished, test } from 'vitest';
import type { Consumer } from '../../consumer/index.ts';
import { startDatabase } from '../../demo/servers/database.ts';
import { freshDatabase, createDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, upTo } from './counting.ts';
import { counted, countedEvents, put } from './events.ts';
import { startKinesisFront, type Treatment } from './kinesis-front.ts';

const running = new Set<Consumer>();
afterEach(async () => {
  await Promise.all([...running].map((consumer) => consumer.stop()));
  running.clear();
});

async function started(...args: Parameters<typeof countingConsumer>): Promise<Consumer> {
  const consumer = countingConsumer(...args);
  running.add(consumer);
  await consumer.start();
  return consumer;
}

async function behindFront(treat: (operation: string, body: string) => Treatment) {
  const database = await countingDatabase(await freshDatabase('inbox'));
  const front = await startKinesisFront(inject('kinesis'), treat);
  onTestFinished(async () => {
    await front.close();
    await database.end();
  });
  const name = await freshStream(2);
  return { database, name, front, consume: () => started(database, { name, endpoint: front.url }) };
}

test('goes on by itself when Kinesis was away from the start, and again in between', async () => {
  let away = true;
  const { database, name, front, consume } = await behindFront(() => (away ? 'drop' : 'pass'));
  await put(name, countedEvents(6, 5));
  const consumer = await consume();
  await until('it has tried', () => front.calls.length >= 3);
  expect(consumer.lag().lagMs).toBeNull();
  away = false;
  await until('30 handled', () => consumer.totals().handled === 30);
  away = true;
  const tried = front.calls.length;
  await put(
    name,
    Array.from({ length: 6 }, (_, i) => counted(`k${i}`, 6)),
  );
  await until('it has tried again', () => front.calls.length >= tried + 3);
  away = false;
  await until('36 handled', () => consumer.totals().handled === 36);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(6));
});

test('backs off from throttling and goes on', async () => {
  let throttled = 0;
  const { name, consume } = await behindFront((operation) =>
    operation === 'GetRecords' && throttled++ < 6
      ? { status: 400, type: 'ProvisionedThroughputExceededException' }
      : 'pass',
  );
  await put(name, countedEvents(4, 5));
  const consumer = await consume();
  await until('20 handled', () => consumer.totals().handled === 20);
  expect(throttled).toBeGreaterThan(6);
});

test('takes a new iterator where it stands when the old one has expired', async () => {
  let expired = 0;
  const { name, front, consume } = await behindFront((operation) =>
    operation === 'GetRecords' && expired > 0 && expired-- > 0
      ? { status: 400, type: 'ExpiredIteratorException' }
      : 'pass',
  );
  await put(name, countedEvents(4, 5));
  const consumer = await consume();
  await until('20 handled', () => consumer.totals().handled === 20);
  const before = front.calls.filter((operation) => operation === 'GetShardIterator').length;
  expired = 2;
  await until('renewed', () => front.calls.filter((o) => o === 'GetShardIterator').length === before + 2);
  await put(name, [counted('k0', 6)]);
  await until('21 handled', () => consumer.totals().handled === 21);
  expect(consumer.totals().duplicate).toBe(0);
});

test('lag grows while the database is away, and the consumer goes on by itself when it is back', async () => {
  const server = await startDatabase('mariadbd');
  onTestFinished(() => server.stop());
  const url = await createDatabase(server.url, 'inbox');
  const database = await countingDatabase(url);
  onTestFinished(() => database.end());
  const name = await freshStream(2);
  const consumer = await started(database, { name, endpoint: inject('kinesis') });
  await put(name, countedEvents(4, 5));
  await until('20 handled', () => consumer.totals().handled === 20);
  server.kill('SIGKILL');
  await put(
    name,
    Array.from({ length: 4 }, (_, i) => counted(`k${i}`, 6)),
  );
  await until('lag above a second', () => (consumer.lag().lagMs ?? 0) > 1_000);
  expect(consumer.totals().handled).toBe(20);
  await server.restart();
  await until('24 handled', () => consumer.totals().handled === 24);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(6));
  await until('caught up', () => (consumer.lag().lagMs ?? Infinity) < 1_000);
});

test('waits for a database that is away at its start', async () => {
  const server = await startDatabase('mariadbd');
  onTestFinished(() => server.stop());
  const database = await countingDatabase(await createDatabase(server.url, 'inbox'));
  onTestFinished(() => database.end());
  const name = await freshStream(1);
  await put(name, countedEvents(1, 3));
  server.kill('SIGKILL');
  const consumer = await started(database, { name, endpoint: inject('kinesis') });
  expect(consumer.lag().lagMs).toBeNull();
  await server.restart();
  await until('3 handled', () => consumer.totals().handled === 3);
});
