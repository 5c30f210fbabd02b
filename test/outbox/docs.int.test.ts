import { readFile } from 'node:fs/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grantsText } from '../../control-plane/install/grants.ts';
import { TABLE_SETS } from '../../control-plane/install/index.ts';
import { append } from '../../outbox/append.ts';
import { toCloudEvent, type OutboxRow } from '../../outbox/envelope.ts';
import { freshDatabase } from '../support/database.ts';
import { SHOP_TABLES } from './writers/order.ts';
import { WRITERS } from './writers/writers.ts';

let page: string;
let connection: Connection;
beforeAll(async () => {
  page = await readFile(new URL('../../docs/outbox.md', import.meta.url), 'utf8');
  const uri = await freshDatabase('outbox');
  connection = await createConnection({
    uri,
    multipleStatements: true,
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
  });
  for (const table of SHOP_TABLES) await connection.query(table);
});
afterAll(() => connection.end());

/** The first block of code after a heading. */
function blockOf(heading: string, language: string): string {
  const section = page.split(`## ${heading}\n`)[1];
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section ?? '')?.[1];
  if (block === undefined) throw new Error(`docs/outbox.md has no ${language} under ${heading}`);
  return block;
}

async function eventOf(id: string): Promise<OutboxRow> {
  const [rows] = await connection.query<(OutboxRow & RowDataPacket)[]>(
    "SELECT * FROM banyan_outbox WHERE aggregate_type = 'order' AND aggregate_id = ?",
    [id],
  );
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** The bucket that `append` has the database compute for the same key. */
async function bucketByAppend(id: string): Promise<number> {
  const [eventId] = await append((sql, values) => connection.execute(sql, values), {
    type: 'Same',
    aggregate: { type: 'order', id },
    data: {},
  });
  const [rows] = await connection.query<(OutboxRow & RowDataPacket)[]>(
    'SELECT bucket FROM banyan_outbox WHERE event_id = ?',
    [eventId],
  );
  return rows[0]!.bucket;
}

test.each(Object.keys(WRITERS))('the code shown for %s is the code that is tested', async (library) => {
  const source = await readFile(new URL(`./writers/${library}.ts`, import.meta.url), 'utf8');
  expect(page).toContain(source.slice(source.indexOf('export')).trim());
  expect(page).toContain("import { append } from '@banyan/outbox';");
});

test('the SQL shown appends an event', async () => {
  await connection.query(blockOf('Append from SQL', 'sql'));
  const row = await eventOf('17');
  expect(JSON.parse(toCloudEvent(row))).toMatchObject({
    type: 'OrderPlaced',
    subject: '17',
    partitionkey: 'order:17',
    data: { sku: 'A-1', quantity: 2 },
  });
  expect(row.bucket).toBe(await bucketByAppend('17'));
});

test('the SQL shown under "Order" appends a numbered event', async () => {
  await connection.query(blockOf('Order', 'sql'));
  await connection.query(
    blockOf('Order', 'sql').replace("INSERT INTO orders (id, sku) VALUES (18, 'A-1');", ''),
  );
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT sequence FROM banyan_outbox WHERE aggregate_id = '18' ORDER BY id",
  );
  expect(rows).toEqual([{ sequence: 1 }, { sequence: 2 }]);
});

test.each([
  ['PHP', 'php', '21'],
  ['Java', 'java', '22'],
])('the statements shown for %s append an event', async (name, language, id) => {
  const code = blockOf(`Append from ${name}`, language);
  const [order, event, ...more] = [
    ...code.matchAll(/(["'])(INSERT INTO orders .*?)\1|(INSERT INTO banyan_outbox [^"]*?)\s*(?:SQL|""")/g),
  ].map(([, , first, second]) => first ?? second!);
  expect(more).toEqual([]);
  await connection.beginTransaction();
  await connection.execute(order!, [id, 'A-1']);
  await connection.execute(event!, [
    `by-${language}`,
    '/monolith',
    'OrderPlaced',
    'order',
    id,
    '{"sku":"é"}',
  ]);
  await connection.commit();
  const row = await eventOf(id);
  expect(JSON.parse(toCloudEvent(row))).toMatchObject({
    id: `by-${language}`,
    subject: id,
    data: { sku: 'é' },
  });
  expect(row.bucket).toBe(await bucketByAppend(id));
});

test('every column of the table is described', async () => {
  const described = [...page.split('## The table')[1]!.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox' ORDER BY ordinal_position`,
  );
  expect(described).toEqual(columns.map(({ name }) => name as string));
});

test('the rights shown are the rights that are printed', () => {
  for (const set of TABLE_SETS) expect(page).toContain(grantsText(set, 'shop'));
});
