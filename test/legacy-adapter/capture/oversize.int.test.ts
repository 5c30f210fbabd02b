import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { applyCapture, readPlan, type Capture } from '../../../legacy-adapter/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

const url = await freshDatabase('outbox');
const database = openDatabase(url);
const monolith = await createConnection({ uri: url });
afterAll(async () => {
  await monolith.end();
  await database.end();
});

const capture: Capture = {
  name: 'catalogue',
  table: 'product',
  key: 'id',
  columns: ['price', 'manual', 'photo', 'spec'],
  aggregate: 'product',
};
const [server] = (
  await database.query<RowDataPacket[]>('SELECT @@max_allowed_packet AS packet, VERSION() AS version')
)[0] as [RowDataPacket];
const packet = Number(server['packet']);
const isMariaDb = String(server['version']).includes('MariaDB');

beforeEach(async () => {
  await database.query('DROP TABLE IF EXISTS product');
  await database.query('DELETE FROM banyan_outbox');
  await database.query(
    'CREATE TABLE product (id INT AUTO_INCREMENT PRIMARY KEY, price INT, manual LONGTEXT, photo LONGBLOB, spec JSON) ENGINE=InnoDB',
  );
});

/** What the outbox has, without pulling megabytes through: operation and key, and the document if it is short. */
async function events(): Promise<unknown[]> {
  const [rows] = await database.query<RowDataPacket[]>(
    `SELECT CONCAT(SUBSTRING(type, 15), ' ', aggregate_id) AS what, IF(LENGTH(data) < 200, data, '"long"') AS short
       FROM banyan_outbox ORDER BY id`,
  );
  return rows.map((row) => [row['what'], JSON.parse(row['short'] as string)]);
}
const lessOf = (op: string, before: unknown, after: unknown) => ({
  op,
  table: 'product',
  omitted: ['manual', 'photo', 'spec'],
  before,
  after,
});

test.each([
  ['two images of a text', "manual = REPEAT('x', ?)", 0.55],
  ['a text that grows when it is escaped', "manual = REPEAT('\u0001', ?)", 0.18],
  ['a blob whose base64 alone is too long', "photo = REPEAT('x', ?)", 0.9],
  ['a blob whose base64 fits, but not beside the rest', "photo = REPEAT('x', ?)", 0.74],
])(
  'a row too large for an event is written, and its event says what it leaves out: %s',
  async (_, set, part) => {
    await monolith.query(`INSERT INTO product SET id = 1, price = 1, ${set}`, [Math.floor(packet * part)]);
    await applyCapture(database, capture);
    for (const mode of ['STRICT_TRANS_TABLES', '']) {
      await monolith.query('SET SESSION sql_mode = ?', [mode]);
      await monolith.query('UPDATE product SET price = price + 1');
    }
    await monolith.query('UPDATE IGNORE product SET price = price + 1');
    await monolith.query('UPDATE product SET id = 2');
    await monolith.query('UPDATE product SET manual = NULL, photo = NULL');
    await monolith.query('DELETE FROM product');
    const all = await events();
    const image = (id: number, price: number) => ({ id, price });
    expect(all.slice(0, 3)).toEqual([
      ['update 1', lessOf('update', image(1, 1), image(1, 2))],
      ['update 1', lessOf('update', image(1, 2), image(1, 3))],
      ['update 1', lessOf('update', image(1, 3), image(1, 4))],
    ]);
    expect(all.slice(3).map((event) => (event as [string])[0])).toEqual([
      'delete 1',
      'insert 2',
      'update 2',
      'delete 2',
    ]);
  },
);

test('a JSON value that its own column takes is written, however deep it is', async () => {
  await applyCapture(database, capture);
  const deepest = isMariaDb ? 31 : 99; // MariaDB's limit is 32 with the value inside, MySQL's 100
  const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
  for (const depth of [deepest - 2, deepest - 1, deepest])
    await database.query('INSERT INTO product (price, spec) VALUES (?, ?)', [depth, nested(depth)]);
  const [rows] = await database.query<RowDataPacket[]>('SELECT data FROM banyan_outbox ORDER BY id');
  const changes = rows.map((row) => JSON.parse(row['data'] as string) as Record<string, unknown>);
  expect(changes[0]).toMatchObject({ after: { spec: JSON.parse(nested(deepest - 2)) as unknown } });
  expect(changes[2]).toEqual(lessOf('insert', null, { id: 3, price: deepest }));
});

test("what fits is whole, and the writer's last insert id and row count stay its own", async () => {
  await applyCapture(database, capture);
  const values = { price: 5, manual: 'x'.repeat(200_000), photo: 'eA==', spec: { a: ['b'] } };
  const [result] = await database.query(
    "INSERT INTO product VALUES (700, 5, ?, 'x', ?), (NULL, 6, ?, '', NULL)",
    [values.manual, JSON.stringify(values.spec), 'y'.repeat(1_000)],
  );
  expect(result).toMatchObject({ affectedRows: 2, insertId: 701 });
  const [rows] = await database.query<RowDataPacket[]>('SELECT data FROM banyan_outbox ORDER BY id');
  expect(JSON.parse(rows[0]?.['data'] as string)).toEqual({
    op: 'insert',
    table: 'product',
    before: null,
    after: { id: 700, ...values },
  });
  expect(await applyCapture(database, capture)).toBe('unchanged');
});

test('plan names the columns that an event may leave out; a capture without large columns has none', async () => {
  const { warnings } = await readPlan(database, capture);
  const json = isMariaDb ? 'longtext' : 'json';
  expect(warnings).toContainEqual(
    `where a row's event is larger than max_allowed_packet (${packet} bytes) or nested more deeply than the server's JSON may be, it leaves out and names manual (longtext), photo (longblob), spec (${json}): a translation that reads one of them parks it, and without a translation it reaches the stream as it is`,
  );
  const small = await readPlan(database, { ...capture, columns: ['price'] });
  expect(small.warnings.join()).not.toContain('leaves out');
  expect(small.triggers.map(({ sql }) => sql).join()).not.toContain('HANDLER');
});
