import { crc32 } from 'node:zlib';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { toCloudEvent, type OutboxRow } from '../../outbox/envelope.ts';
import { BUCKETS } from '../../outbox/event.ts';
import { inTransaction, openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { SHOP_TABLES } from './writers/order.ts';
import { WRITERS, type Shop } from './writers/writers.ts';

let url: string;
let database: Database;
beforeAll(async () => {
  url = await freshDatabase('outbox');
  database = openDatabase(url);
  for (const table of SHOP_TABLES) await database.query(table);
});
afterAll(() => database.end());

type Row = OutboxRow & RowDataPacket & { connection_id: number; state: string };
async function eventsOf(id: string | number): Promise<Row[]> {
  const [rows] = await database.query<Row[]>(
    'SELECT * FROM banyan_outbox WHERE aggregate_id = ? ORDER BY id',
    [String(id)],
  );
  return rows;
}
async function orders(id: number): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>('SELECT id FROM orders WHERE id = ?', [id]);
  return rows.length;
}

let nextId = 1;
describe.each(Object.keys(WRITERS))('with %s', (library) => {
  let shop: Shop;
  let id: number;
  beforeAll(async () => {
    shop = await WRITERS[library]!(url);
    await database.query('INSERT INTO stock (sku, quantity) VALUES (?, 5), (?, 0)', [
      `${library}-in`,
      `${library}-out`,
    ]);
  });
  afterAll(() => shop.close());

  test('the event is there when the transaction commits', async () => {
    id = nextId++;
    await shop.placeOrder({ id, sku: `${library}-in`, note: 'plain' });
    expect(await orders(id)).toBe(1);
    const [row, ...more] = await eventsOf(id);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ type: 'OrderPlaced', state: 'pending', source: '/monolith' });
    expect(JSON.parse(toCloudEvent(row!))).toMatchObject({
      partitionkey: `order:${id}`,
      data: { sku: `${library}-in`, note: 'plain' },
    });
  });

  test('a rollback takes the event and the business row away together', async () => {
    id = nextId++;
    await expect(shop.placeOrder({ id, sku: `${library}-out`, note: '' })).rejects.toThrow(/out of range/i);
    expect(await orders(id)).toBe(0);
    expect(await eventsOf(id)).toEqual([]);
  });

  test('data and time arrive as they were given, whatever characters and time zone', async () => {
    id = nextId++;
    const note = `'"\`\\\\n \\' ? ?? :name $1 @x %s -- /* # \n\t\u0000 é € 😀 ${'\\'}`;
    const placedAt = new Date('2026-10-25T00:30:00.123Z');
    await shop.placeOrder({ id, sku: `${library}-in`, note, placedAt });
    const [row] = await eventsOf(id);
    expect(row!.data).toBe(JSON.stringify({ sku: `${library}-in`, note }));
    expect(JSON.parse(toCloudEvent(row!)).time).toBe('2026-10-25T00:30:00.123000Z');
  });
});

const placed = { type: 'OrderPlaced', data: { a: 1 } };

test('the database itself fills in key, bucket, times and connection', async () => {
  const thread = await inTransaction(database, async (connection) => {
    await append(
      (sql, values) => connection.execute(sql, values),
      ['1', 'ö', '€ 5', 'x:y', ' z '].map((one) => ({ ...placed, aggregate: { type: 'key', id: one } })),
    );
    return connection.threadId;
  });
  const [rows] = await database.query<Row[]>("SELECT * FROM banyan_outbox WHERE aggregate_type = 'key'");
  expect(rows).toHaveLength(5);
  for (const row of rows) {
    expect(row.partition_key).toBe(`key:${row.aggregate_id}`);
    expect(row.bucket).toBe(crc32(row.partition_key) % BUCKETS);
    expect(row.connection_id).toBe(thread);
    expect(row.occurred_at).toBe(row.appended_at);
    expect(Math.abs(Date.parse(`${row.appended_at}Z`) - Date.now())).toBeLessThan(60_000);
  }
});

test('many events are one statement; the ids come back in order', async () => {
  const events = Array.from({ length: 1_000 }, (_, index) => ({
    ...placed,
    aggregate: { type: 'bulk', id: index },
    ...(index % 2 ? { time: new Date('2026-01-02T03:04:05.678Z') } : {}),
  }));
  const statements: string[] = [];
  const ids = await inTransaction(database, (connection) =>
    append((sql, values) => {
      statements.push(sql);
      return connection.execute(sql, values);
    }, events),
  );
  expect(statements).toHaveLength(1);
  const [rows] = await database.query<Row[]>(
    "SELECT event_id, aggregate_id, occurred_at FROM banyan_outbox WHERE aggregate_type = 'bulk' ORDER BY id",
  );
  expect(rows.map(({ event_id }) => event_id)).toEqual(ids);
  expect(rows[1]!.occurred_at).toBe('2026-01-02 03:04:05.678000');
  expect(rows[2]!.occurred_at).not.toBe('2026-01-02 03:04:05.678000');
});

test('a time is kept whatever the time zone of the session', async () => {
  const time = new Date('2026-07-01T12:00:00.250Z');
  await inTransaction(database, async (connection) => {
    await connection.query("SET SESSION time_zone = '+05:30'");
    const event = { ...placed, aggregate: { type: 'zone', id: 'zone' }, time };
    await append((sql, values) => connection.execute(sql, values), event);
    await connection.query("SET SESSION time_zone = '+00:00'");
  });
  expect((await eventsOf('zone'))[0]!.occurred_at).toBe('2026-07-01 12:00:00.250000');
});

test('the longest of everything fits', async () => {
  const wide = (length: number) => '€'.repeat(length);
  const event = {
    id: 'x'.repeat(64),
    source: `/${'s'.repeat(189)}`,
    type: wide(190),
    aggregate: { type: wide(64), id: wide(190) },
    data: JSON.parse('['.repeat(31) + ']'.repeat(31)) as unknown,
    extensions: { ext: wide(1_000), n: -(2 ** 31) + 1, yes: false },
  };
  await inTransaction(database, (connection) =>
    append((sql, values) => connection.execute(sql, values), event),
  );
  const [row] = await eventsOf(wide(190));
  expect(JSON.parse(toCloudEvent(row!))).toMatchObject({ ...event.extensions, data: event.data });
});

test('an event id that the outbox has already is refused, and the transaction stays the caller’s', async () => {
  const event = { ...placed, id: 'only-once', aggregate: { type: 'dup', id: 'dup' } };
  await append((sql, values) => database.execute(sql, values), event);
  await inTransaction(database, async (connection) => {
    const execute = (sql: string, values: (string | null)[]) => connection.execute(sql, values);
    await expect(append(execute, [{ ...event, id: 'other' }, event])).rejects.toThrow(/only-once/);
    await append(execute, { ...event, id: 'another' });
  });
  expect((await eventsOf('dup')).map(({ event_id }) => event_id)).toEqual(['only-once', 'another']);
});

test('nothing is visible to others before the commit', async () => {
  await inTransaction(database, async (connection) => {
    await append((sql, values) => connection.execute(sql, values), {
      ...placed,
      aggregate: { type: 'hidden', id: 'hidden' },
    });
    expect(await eventsOf('hidden')).toEqual([]);
  });
  expect(await eventsOf('hidden')).toHaveLength(1);
});
