import type { RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { ConsumerOptions, Handler } from '../../consumer/index.ts';
import { openDatabase, type Connection, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, upTo, writeDown } from './counting.ts';
import { counted, put } from './events.ts';
import { startSwallowingGate } from './swallowing-gate.ts';

/** A consumer whose database stands behind a gate, and the database itself to look into. */
async function service(more: Partial<ConsumerOptions<Connection>>) {
  const url = await freshDatabase('inbox');
  const database = await countingDatabase(url);
  const gate = await startSwallowingGate(url);
  const behind = openDatabase(gate.url);
  const name = await freshStream(1);
  const lines: string[] = [];
  const consumer = countingConsumer(
    behind,
    { name, endpoint: inject('kinesis') },
    { timeout: 1_000, log: pino({}, { write: (line) => void lines.push(line) }), ...more },
  );
  onTestFinished(async () => {
    await consumer.stop();
    await gate.stop();
    await database.end();
    await behind.end().catch(() => {});
  });
  return { database, gate, name, consumer, lines };
}

const effects = async (database: Database) => (await journal(database)).get('k');

test('a connection that falls silent while it is idle is replaced after five seconds, however long a handler may take', async () => {
  const { database, gate, name, consumer } = await service({ timeout: 60_000 });
  await put(name, [counted('k', 1)]);
  await consumer.start();
  await until('the first is handled', () => consumer.totals().handled === 1);
  gate.swallow();
  await put(name, [counted('k', 2)]);
  await until('the second is handled', () => consumer.totals().handled === 2);
  expect(await effects(database)).toEqual([1, 2]);
});

test('a connection that falls silent in the middle of a handler is given up, and the effect happens once', async () => {
  let attempts = 0;
  const handle: Handler<Connection> = async (event, tx) => {
    attempts += 1;
    await writeDown(event, tx);
    // The server keeps the inbox row locked for a session whose client has vanished.
    if (attempts === 1) gate.swallow();
  };
  const { database, gate, name, consumer } = await service({ handlers: { Counted: handle } });
  await put(name, [counted('k', 1), counted('k', 2)]);
  await consumer.start();
  // A commit that a busy machine answers too late is found in the inbox at the next attempt.
  await until('both are read', () => consumer.totals().handled + consumer.totals().duplicate === 2);
  expect(attempts).toBeGreaterThan(2);
  expect(await effects(database)).toEqual([1, 2]);
});

test('an event whose commit was never answered is found in the inbox, and its effect happens once', async () => {
  const { database, gate, name, consumer } = await service({});
  gate.swallowAnswersFrom('COMMIT');
  await put(name, [counted('k', 1), counted('k', 2)]);
  await consumer.start();
  await until('both are read', () => consumer.totals().handled + consumer.totals().duplicate === 2);
  expect(consumer.totals()).toMatchObject({ handled: 1, duplicate: 1 });
  expect(await effects(database)).toEqual([1, 2]);
});

test('a handler that never resolves is tried again, and can do nothing afterwards', async () => {
  const resumed = Promise.withResolvers<void>();
  const late = Promise.withResolvers<unknown>();
  let attempts = 0;
  const handle: Handler<Connection> = async (event, tx) => {
    attempts += 1;
    if (attempts === 1) {
      await resumed.promise;
      await writeDown(event, tx).catch((error: unknown) => late.resolve(error));
    } else await writeDown(event, tx);
  };
  const { database, name, consumer, lines } = await service({ handlers: { Counted: handle } });
  await put(name, [counted('k', 1)]);
  await consumer.start();
  await until('handled', () => consumer.totals().handled === 1);
  resumed.resolve();
  expect(await late.promise).toMatchObject({ message: expect.stringContaining('closed state') });
  expect(await effects(database)).toEqual(upTo(1));
  expect(lines.join('')).toMatch(/given up after 1000 ms without an answer: event .*, its handler/);
});

test('a database that is silent at the start delays the start, and no more', async () => {
  const { gate, name, consumer, lines } = await service({});
  gate.swallow({ newToo: true });
  await put(name, [counted('k', 1)]);
  await consumer.start();
  await until('it tries again', () => lines.filter((line) => line.includes('trying again')).length >= 2);
  gate.swallow();
  await until('handled', () => consumer.totals().handled === 1);
});

test('a connection that the server has ended for idling costs nothing', async () => {
  const { database, name, consumer, lines } = await service({});
  const sessions = async () => {
    const [rows] = await database.query<RowDataPacket[]>(
      'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
    );
    return rows.length;
  };
  await put(name, [counted('k', 1)]);
  await consumer.start();
  await until('handled', () => consumer.totals().handled === 1);
  expect(await sessions()).toBe(1);
  await until('the session is ended', async () => (await sessions()) === 0);
  await put(name, [counted('k', 2)]);
  await until('the second is handled', () => consumer.totals().handled === 2);
  expect(consumer.totals().retries).toBe(0);
  expect(lines.filter((line) => line.includes('err'))).toEqual([]);
});

test('stop gives up what is not committed within its grace, whatever is silent', async () => {
  const reached = Promise.withResolvers<void>();
  const handle: Handler<Connection> = async (event, tx) => {
    await writeDown(event, tx);
    gate.swallow({ newToo: true });
    reached.resolve();
    await new Promise(() => {});
  };
  const { database, gate, name, consumer, lines } = await service({
    ...{ timeout: 60_000, grace: 300, handlers: { Counted: handle } },
  });
  await put(name, [counted('k', 1)]);
  await consumer.start();
  await reached.promise;
  const begun = performance.now();
  await consumer.stop();
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(lines.join('')).toContain('stopped in the middle of a record; it comes again');
  expect(consumer.totals()).toMatchObject({ handled: 0, retries: 1 });
  expect(await effects(database)).toBeUndefined();
});
