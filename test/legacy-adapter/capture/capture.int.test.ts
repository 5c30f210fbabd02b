import { createConnection } from 'mysql2/promise';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { applyCapture, dropCapture, readPlan, type Capture } from '../../../legacy-adapter/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { rowEvents } from './events.ts';

const url = await freshDatabase('outbox');
const database = openDatabase(url);
afterAll(() => database.end());

const capture: Capture = {
  name: 'catalogue',
  table: 'product',
  key: 'sku',
  columns: ['name', 'price'],
  aggregate: 'product',
};

beforeEach(async () => {
  await database.query('DROP TABLE IF EXISTS product');
  await database.query('DELETE FROM banyan_outbox');
  await database.query(
    `CREATE TABLE product (sku VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY,
       name VARCHAR(50) COLLATE utf8mb4_general_ci, price DECIMAL(10,2), secret VARCHAR(20)) ENGINE=InnoDB`,
  );
});

test('an insert, an update and a delete append an event each, with the allowlisted columns only', async () => {
  expect(await applyCapture(database, capture)).toBe('created');
  await database.query("INSERT INTO product VALUES ('a1', 'Chair', 10.50, 'x')");
  await database.query("UPDATE product SET price = 11.00 WHERE sku = 'a1'");
  await database.query("DELETE FROM product WHERE sku = 'a1'");
  const old = { sku: 'a1', name: 'Chair', price: '10.50' };
  const now = { ...old, price: '11.00' };
  expect(await rowEvents(database)).toEqual([
    { type: 'row.catalogue.insert', key: 'product:a1', before: null, after: old },
    { type: 'row.catalogue.update', key: 'product:a1', before: old, after: now },
    { type: 'row.catalogue.delete', key: 'product:a1', before: now, after: null },
  ]);
});

test('an update that changes no captured column appends nothing', async () => {
  await applyCapture(database, capture);
  await database.query("INSERT INTO product VALUES ('a1', NULL, 10.50, 'x')");
  await database.query("UPDATE product SET secret = 'y', price = 10.5, name = NULL");
  expect(await rowEvents(database)).toHaveLength(1);
});

test('a change of case, of an accent or of a trailing space alone is a change', async () => {
  await applyCapture(database, capture);
  await database.query("INSERT INTO product VALUES ('a1', 'cafe', 1, '')");
  for (const name of ['Cafe', 'Café', 'Café ']) await database.query('UPDATE product SET name = ?', [name]);
  expect((await rowEvents(database)).map(({ after }) => after?.['name'])).toEqual([
    'cafe',
    'Cafe',
    'Café',
    'Café ',
  ]);
});

test('a change of the key ends one aggregate and begins another, even where only its case changes', async () => {
  await applyCapture(database, capture);
  await database.query("INSERT INTO product VALUES ('a1', 'Chair', 1, '')");
  await database.query("UPDATE product SET sku = 'A1', price = 2");
  expect((await rowEvents(database)).slice(1)).toEqual([
    {
      type: 'row.catalogue.delete',
      key: 'product:a1',
      before: { sku: 'a1', name: 'Chair', price: '1.00' },
      after: null,
    },
    {
      type: 'row.catalogue.insert',
      key: 'product:A1',
      before: null,
      after: { sku: 'A1', name: 'Chair', price: '2.00' },
    },
  ]);
});

test('an event rolls back with its change', async () => {
  await applyCapture(database, capture);
  const connection = await database.getConnection();
  await connection.beginTransaction();
  await connection.query("INSERT INTO product VALUES ('a1', 'Chair', 1, '')");
  await connection.rollback();
  connection.release();
  expect(await rowEvents(database)).toEqual([]);
});

test('a statement over many rows appends in the order in which it changed them', async () => {
  await applyCapture(database, capture);
  await database.query(
    "INSERT INTO product (sku, price) VALUES ('c', 1), ('a', 2), ('b', 3) ON DUPLICATE KEY UPDATE price = 0",
  );
  await database.query('UPDATE product SET price = price + 1 ORDER BY sku DESC');
  await database.query("REPLACE INTO product (sku, price) VALUES ('b', 9)");
  await database.query(
    "INSERT INTO product (sku, price) VALUES ('a', 7) ON DUPLICATE KEY UPDATE price = VALUES(price)",
  );
  expect(
    (await rowEvents(database)).map(({ type, key }) => `${type.replace('row.catalogue.', '')} ${key}`),
  ).toEqual([
    ...['insert product:c', 'insert product:a', 'insert product:b'],
    ...['update product:c', 'update product:b', 'update product:a'],
    ...['delete product:b', 'insert product:b'],
    'update product:a',
  ]);
});

test("the writer's last insert id and row count stay its own", async () => {
  await database.query('DROP TABLE product');
  await database.query('CREATE TABLE product (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9))');
  await applyCapture(database, { ...capture, key: 'id', columns: ['name'] });
  await database.query("INSERT INTO product VALUES (700, 'x')");
  const [result] = await database.query("INSERT INTO product (name) VALUES ('y'), ('z')");
  expect(result).toMatchObject({ insertId: 701, affectedRows: 2 });
});

test("the writer's sql_mode and character set have no say in the event", async () => {
  await applyCapture(database, capture);
  const writer = await createConnection({ uri: url, charset: 'latin1' });
  await writer.query(
    "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH'",
  );
  await writer.execute('INSERT INTO product (sku, name) VALUES (?, ?)', ["ü'1", 'b\\n"é\u0001']);
  await writer.end();
  const [event] = await rowEvents(database);
  const [[row]] = (await database.query('SELECT sku, name FROM product')) as unknown as [
    [{ sku: string; name: string }],
  ];
  expect(event?.after).toEqual({ sku: row.sku, name: row.name, price: null });
  expect(row.name).toContain('é\u0001');
});

test('applying twice changes nothing; another definition replaces the triggers; dropping twice is no harm', async () => {
  await applyCapture(database, capture);
  expect(await applyCapture(database, capture)).toBe('unchanged');
  expect((await readPlan(database, capture)).applied).toBe(true);

  const narrower = { ...capture, columns: ['price'] };
  expect((await readPlan(database, narrower)).applied).toBe(false);
  expect(await applyCapture(database, narrower)).toBe('replaced');
  await database.query("INSERT INTO product VALUES ('a1', 'Chair', 1, '')");
  expect((await rowEvents(database)).map(({ after }) => after)).toEqual([{ sku: 'a1', price: '1.00' }]);

  expect(await dropCapture(database, 'catalogue')).toHaveLength(3);
  expect(await dropCapture(database, 'catalogue')).toEqual([]);
  await database.query("INSERT INTO product VALUES ('a2', 'Chair', 1, '')");
  expect(await rowEvents(database)).toHaveLength(1);
});

test('a capture that moves to another table leaves nothing on the old one', async () => {
  await applyCapture(database, capture);
  await database.query('CREATE TABLE product2 LIKE product');
  expect(await applyCapture(database, { ...capture, table: 'product2' })).toBe('replaced');
  await database.query("INSERT INTO product VALUES ('old', '', 1, '')");
  await database.query("INSERT INTO product2 VALUES ('new', '', 1, '')");
  expect((await rowEvents(database)).map(({ key }) => key)).toEqual(['product:new']);
  await database.query('DROP TABLE product2');
});

test('while triggers are replaced, no write passes uncaptured', async () => {
  await applyCapture(database, capture);
  const stop = new AbortController();
  let written = 0;
  const writing = (async () => {
    while (!stop.signal.aborted)
      await database.query('INSERT INTO product (sku) VALUES (?)', [`w${written++}`]);
  })();
  for (let round = 0; round < 5; round++)
    await applyCapture(database, { ...capture, columns: round % 2 ? ['name'] : ['price'] });
  stop.abort();
  await writing;
  expect(written).toBeGreaterThan(0);
  expect(await rowEvents(database)).toHaveLength(written);
});

test('a table in use makes apply give up within its lock wait, and the monolith goes on', async () => {
  const holder = await database.getConnection();
  await holder.beginTransaction();
  await holder.query('SELECT * FROM product');
  const started = performance.now();
  await expect(applyCapture(database, capture)).rejects.toThrow(
    "table 'product' was in use for more than 1 s, so the triggers could not be changed",
  );
  expect(performance.now() - started).toBeLessThan(3_000);
  await holder.query("INSERT INTO product VALUES ('a1', 'Chair', 1, '')");
  await holder.commit();
  holder.release();
  expect(await rowEvents(database)).toEqual([]);
});

test('an update that changes nothing appends nothing, though its table notes when a row was last updated', async () => {
  await database.query(
    'ALTER TABLE product ADD touched TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)',
  );
  const noting = { ...capture, columns: ['price', 'touched'] };
  expect(await applyCapture(database, noting)).toBe('created');
  await database.query("INSERT INTO product (sku, price, secret) VALUES ('a1', 1, 'x')");
  await database.query('UPDATE product SET price = 1');
  await database.query("INSERT INTO product (sku) VALUES ('a1') ON DUPLICATE KEY UPDATE price = 1");
  expect(await rowEvents(database)).toHaveLength(1);

  await database.query("UPDATE product SET secret = 'y'");
  await database.query('UPDATE product SET touched = NOW()');
  await database.query('UPDATE product SET price = 2');
  const events = await rowEvents(database);
  expect(events).toHaveLength(4);
  const [rows] = await database.query("SELECT REPLACE(touched, ' ', 'T') AS touched FROM product");
  expect(events.at(-1)?.after?.['touched']).toBe(`${(rows as [{ touched: string }])[0].touched}Z`);
  expect(events.slice(1).map(({ before }) => before)).toEqual(events.slice(0, -1).map(({ after }) => after));

  await database.query('RENAME TABLE product TO product2');
  await database.query('UPDATE product2 SET touched = NOW()');
  expect(await rowEvents(database)).toHaveLength(5);
  await database.query('DROP TABLE product2');
});

test('a table with system versions is captured where the server has such tables', async () => {
  await database.query('DROP TABLE product');
  const made = await database
    .query('CREATE TABLE product (sku INT PRIMARY KEY, price INT) WITH SYSTEM VERSIONING')
    .catch((error: { code?: string }) => error.code);
  if (made === 'ER_PARSE_ERROR') return;
  await applyCapture(database, { ...capture, columns: ['price'] });
  await database.query('INSERT INTO product (sku, price) VALUES (1, 1)');
  await database.query('UPDATE product SET price = 2');
  await database.query('DELETE FROM product');
  expect((await rowEvents(database)).map(({ type, after }) => [type, after?.['price']])).toEqual([
    ['row.catalogue.insert', 1],
    ['row.catalogue.update', 2],
    ['row.catalogue.delete', undefined],
  ]);
});
