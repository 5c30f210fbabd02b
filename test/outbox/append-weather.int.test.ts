import { createConnection, createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { install } from '../../control-plane/install/install.ts';
import { startDatabase, type PrivateServer } from '../../demo/servers/database.ts';
import { append } from '../../outbox/append.ts';
import { until } from '../support/until.ts';
import { placeOrder } from './writers/mysql2.ts';
import { SHOP_TABLES } from './writers/order.ts';

let server: PrivateServer;
let pool: Pool;
let url: string;
beforeAll(async () => {
  // The server's time zone, and so every session's here: with the hour that comes twice.
  process.env['TZ'] = 'Europe/Berlin';
  server = await startDatabase('mariadbd');
  const first = await createConnection(server.url);
  await first.query('CREATE DATABASE shop');
  await first.end();
  url = `${server.url}/shop`;
  await install({ url, set: 'outbox' });
  pool = createPool({ uri: url, supportBigNumbers: true });
  for (const table of SHOP_TABLES) await pool.query(table);
  await pool.query("INSERT INTO stock VALUES ('a', 100)");
});
afterAll(async () => {
  await pool.end();
  await server.stop();
});

async function count(table: string): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  return rows[0]!['n'] as number;
}

const placed = { type: 'OrderPlaced', aggregate: { type: 'order', id: 1 }, data: {} };

test('a connection killed in mid-transaction: append rejects, and neither row is there', async () => {
  const connection = await createConnection(url);
  connection.on('error', () => {});
  await connection.beginTransaction();
  await connection.query("INSERT INTO orders VALUES (1, 'a')");
  await pool.query(`KILL CONNECTION ${connection.threadId}`);
  await expect(append((sql, values) => connection.execute(sql, values), placed)).rejects.toThrow();
  connection.destroy();
  expect(await count('orders')).toBe(0);
  expect(await count('banyan_outbox')).toBe(0);
});

test('a statement killed while it waits: append rejects, a rollback leaves nothing', async () => {
  const [holder, writer] = [await createConnection(url), await createConnection(url)];
  await holder.beginTransaction();
  const event = { ...placed, id: 'same' };
  await append((sql, values) => holder.execute(sql, values), event);
  await writer.beginTransaction();
  await writer.query("INSERT INTO orders VALUES (2, 'a')");
  const waiting = expect(append((sql, values) => writer.execute(sql, values), event)).rejects.toThrow(
    /interrupted/,
  );
  await until('the append waits for the other one to end', async () => {
    const [rows] = await pool.query<RowDataPacket[]>(
      "SELECT 1 FROM information_schema.processlist WHERE id = ? AND command = 'Execute' AND time_ms > 20",
      [writer.threadId],
    );
    return rows.length > 0;
  });
  await pool.query(`KILL QUERY ${writer.threadId}`);
  await waiting;
  await writer.rollback();
  await holder.rollback();
  await Promise.all([holder.end(), writer.end()]);
  expect(await count('orders')).toBe(0);
  expect(await count('banyan_outbox')).toBe(0);
});

test('a server that dies in mid-transaction: append rejects, and after its return all works again', async () => {
  const connection = await createConnection(url);
  connection.on('error', () => {});
  await connection.beginTransaction();
  await connection.query("INSERT INTO orders VALUES (3, 'a')");
  await append((sql, values) => connection.execute(sql, values), placed);
  server.kill('SIGKILL');
  await expect(append((sql, values) => connection.execute(sql, values), placed)).rejects.toThrow();
  await expect(placeOrder(pool, { id: 3, sku: 'a', note: '' })).rejects.toThrow();
  connection.destroy();
  await server.restart();
  expect(await count('orders')).toBe(0);
  expect(await count('banyan_outbox')).toBe(0);
  await placeOrder(pool, { id: 3, sku: 'a', note: '' });
  expect(await count('orders')).toBe(1);
  expect(await count('banyan_outbox')).toBe(1);
});

test('a time is kept in the hour that summer time repeats, in a session of the server’s own time zone', async () => {
  for (const time of ['2026-10-25T00:30:00.500Z', '2026-10-25T01:30:00.500Z']) {
    const event = { ...placed, aggregate: { type: 'time', id: time }, time: new Date(time) };
    await append((sql, values) => pool.execute(sql, values), event);
  }
  const [rows] = await pool.query<RowDataPacket[]>(
    "SELECT aggregate_id AS given, UNIX_TIMESTAMP(occurred_at) AS kept, @@system_time_zone AS zone FROM banyan_outbox WHERE aggregate_type = 'time' ORDER BY id",
  );
  expect(rows[0]!['zone']).toMatch(/^CES?T$/);
  expect(rows.map(({ kept }) => new Date(Number(kept) * 1_000).toISOString())).toEqual(
    rows.map(({ given }) => given),
  );
});
