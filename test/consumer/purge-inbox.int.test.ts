import type { RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { mysqlInbox } from '../../consumer/index.ts';
import { findKnown, passGap, readInboxAudit } from '../../consumer/operator/index.ts';
import { purgeInbox } from '../../consumer/purge-inbox.ts';
import type { PurgePlace } from '../../consumer/sequence-inbox.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, inboxSize, sequenced } from './counting.ts';
import { numberedEvent, put } from './events.ts';

async function inbox() {
  const database = openDatabase(await freshDatabase('inbox'));
  onTestFinished(() => database.end());
  const { numbers } = mysqlInbox(database);
  return {
    database,
    apply: (event: CloudEvent, application = 'counting') =>
      numbers!.apply(
        { application, stream: 's', shard: 'shard' },
        { event, key: event.partitionkey, number: BigInt(event.sequence!) },
        { effect: async () => {}, recorded: Date.now() },
      ),
    applyHeld: (key: string) => numbers!.applyHeld('counting', key, () => undefined),
  };
}

/** Makes the numbers of keys look that old; 366 days unless given. */
const age = (database: Database, where = 'TRUE', days = 366) =>
  database.query(
    `UPDATE banyan_inbox_number SET handled_at = handled_at - INTERVAL ${days} DAY WHERE ${where}`,
  );

async function numbersOf(database: Database, application = 'counting') {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT partition_key AS k, number AS n FROM banyan_inbox_number WHERE application = ? ORDER BY 1, 2',
    [application],
  );
  return rows.map(({ k, n }) => `${String(k).replace('counter:', '')}${n}`);
}

async function purgeAll(database: Database, size = 500) {
  const deleted: number[] = [];
  const connection = await database.getConnection();
  let from: PurgePlace | undefined;
  do {
    const page = await purgeInbox(connection, 'counting', from, { size });
    deleted.push(page.deleted);
    from = page.next;
  } while (from);
  connection.release();
  return deleted;
}

test('numbers older than 365 days go, page by page, and the last of each key stays; younger ones and other applications do', async () => {
  const { database, apply } = await inbox();
  for (const n of [1, 2, 3, 4, 5]) await apply(numberedEvent('a', n));
  for (const n of [1, 2, 3]) await apply(numberedEvent('b', n));
  for (const n of [1, 2]) await apply(numberedEvent('a ', n));
  for (const n of [1, 2]) await apply(numberedEvent('a', n), 'other');
  await age(database, "partition_key <> 'counter:b'");
  await age(database, "partition_key = 'counter:b'", 364);
  expect(await purgeAll(database, 3)).toEqual([3, 2, 0, 0, 0]);
  expect(await numbersOf(database)).toEqual(['a5', 'a 2', 'b1', 'b2', 'b3']);
  expect(await numbersOf(database, 'other')).toEqual(['a1', 'a2']);
  expect(await purgeAll(database)).toEqual([0, 0]);
});

test('after the purge a key waits for gaps, a known number with another event is parked, and a duplicate is dropped', async () => {
  const { database, apply, applyHeld } = await inbox();
  const events = [1, 2, 3].map((n) => numberedEvent('k', n)) as [CloudEvent, CloudEvent, CloudEvent];
  for (const event of events) await apply(event);
  const early = numberedEvent('k', 5);
  expect((await apply(early)).outcome).toBe('gap');
  await age(database);
  await database.query('UPDATE banyan_inbox_held SET held_at = held_at - INTERVAL 366 DAY');
  expect(await purgeAll(database)).toEqual([2, 0]);

  expect((await apply(numberedEvent('k', 1))).outcome).toBe('known');
  expect((await apply(numberedEvent('k', 3))).outcome).toBe('known');
  expect(await findKnown(database, {}, 10)).toMatchObject([
    { number: '1', otherEventId: null },
    { number: '3', otherEventId: events[2].id },
  ]);
  expect((await apply(events[0])).outcome).toBe('duplicate');
  expect((await apply(early)).outcome).toBe('duplicate');
  expect(await apply(numberedEvent('k', 4))).toEqual({ outcome: 'handled', ready: true });
  expect((await applyHeld('counter:k')).outcome).toBe('handled');
  expect(await inboxSize(database)).toBe(5);
});

test('the audit goes after 365 days, page by page, and no younger entry', async () => {
  const { database, apply } = await inbox();
  await apply(numberedEvent('k', 1));
  for (const n of [3, 5, 7, 9, 11]) {
    await apply(numberedEvent('k', n));
    await passGap(database, { application: 'counting', key: 'counter:k' }, { actor: `at ${n}` });
    await database.query("DELETE FROM banyan_inbox_held WHERE why = 'gap'");
  }
  await database.query(
    "UPDATE banyan_inbox_audit SET at = at - INTERVAL IF(actor IN ('at 9', 'at 11'), 364, 366) DAY",
  );
  expect(await purgeAll(database, 2)).toEqual([0, 2, 1]);
  expect((await readInboxAudit(database, 10)).map(({ actor }) => actor)).toEqual(['at 11', 'at 9']);
});

test('a page reads the keys behind its place by the index, and no other row', async () => {
  const { database } = await inbox();
  const key = (n: number) => `counter:${String(n).padStart(5, '0')}`;
  const rows = Array.from({ length: 12_000 }, (_, n) => ['counting', key(n), 1, `e${n}`]);
  await database.query(
    'INSERT INTO banyan_inbox_number (application, partition_key, number, event_id) VALUES ?',
    [rows],
  );
  await database.query(
    'INSERT INTO banyan_inbox_sequence (application, partition_key, last_number) VALUES ?',
    [rows.map(([application, of]) => [application, of, 2])],
  );
  await age(database);
  await database.query('ANALYZE TABLE banyan_inbox_number, banyan_inbox_sequence');
  const connection = await database.getConnection();
  await connection.query('FLUSH STATUS');
  const page = await purgeInbox(connection, 'counting', { table: 'number', key: key(8_999), number: 1n });
  const [read] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
  connection.release();
  expect(page).toEqual({ deleted: 500, next: { table: 'number', key: key(9_499), number: 1n } });
  // The page, its keys, the rows to be deleted, twice; not the 9,000 before or the 2,500 behind.
  expect(read.reduce((sum, row) => sum + Number(row['Value']), 0)).toBeLessThan(6_000);
});

test('a running consumer purges; where it cannot, it says so and goes on', async () => {
  const database = await countingDatabase(await freshDatabase('inbox'));
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  await put(
    stream.name,
    [1, 2].map((n) => numberedEvent('k', n)),
  );
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  const started = async () => {
    const consumer = countingConsumer(database, stream, { registry: sequenced, log });
    onTestFinished(() => consumer.stop());
    await consumer.start();
    return consumer;
  };
  onTestFinished(() => database.end());
  const first = await started();
  await until('handled', () => first.totals().handled === 2);
  await first.stop();
  await age(database);
  const second = await started();
  await until('purged', async () => (await numbersOf(database)).join() === 'k2');
  await second.stop();
  expect(warnings.filter((line) => line.includes('purged'))).toEqual([]);

  await database.query('DROP TABLE banyan_inbox_audit');
  const third = await started();
  await until('told', () => warnings.some((line) => /banyan_inbox_audit.*can not be purged/.test(line)));
  await put(stream.name, [numberedEvent('k', 3)]);
  await until('handled', () => third.totals().handled === 1);
});
