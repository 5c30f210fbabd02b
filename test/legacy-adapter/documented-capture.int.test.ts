import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import {
  applyCapture,
  describePlan,
  loadTranslations,
  readPlan,
  type Capture,
  type RowChange,
} from '../../legacy-adapter/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const page = readFileSync(new URL('../../docs/capture.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);
const [rowEvent, envelope, shortened] = blocks('json').map((text) => JSON.parse(text) as unknown) as [
  RowChange,
  { type: string; partitionkey: string; data: unknown },
  RowChange,
];
const key = { aggregateType: 'product', aggregateId: 'monstera-m' };

const url = await freshDatabase('outbox');
const database = openDatabase(url);
const folder = mkdtempSync(join(tmpdir(), 'banyan-documented-'));
afterAll(async () => {
  await database.end();
  rmSync(folder, { recursive: true });
});
const parsed = parseConfig(blocks('yaml')[0] ?? '', (name) => (name === 'OUTBOX_DATABASE' ? url : undefined));
const captures = parsed.ok ? parsed.config.captures : {};
const catalogue = { name: 'catalogue', ...captures['catalogue'] } as Capture;

beforeAll(async () => {
  const shop = readFileSync(new URL('../../demo/shop/schema.sql', import.meta.url), 'utf8');
  await database.query(/CREATE TABLE products [^;]+/.exec(shop)?.[0] ?? 'the shop has no products');
});

async function appended(): Promise<{ type: string; key: string; change: RowChange }> {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT type, partition_key, data FROM banyan_outbox ORDER BY id DESC LIMIT 1',
  );
  const { type, partition_key: its, data } = rows[0] as Record<string, string>;
  return { type: type as string, key: its as string, change: JSON.parse(data as string) as RowChange };
}

test('the plan that docs/capture.md shows is the plan of its configuration', async () => {
  const plan = describePlan(await readPlan(database, catalogue));
  const shown = blocks('console').find((text) => text.includes('CREATE TRIGGER')) ?? '';
  const [trigger = '', costs = ''] = [
    /CREATE TRIGGER[\s\S]*?\nEND;\n/.exec(shown)?.[0],
    /What it costs:\n[\s\S]*?(?=\.\.\.\n)/.exec(shown)?.[0],
  ];
  expect(trigger).not.toBe('');
  expect(plan).toContain(trigger);
  expect(costs).not.toBe('');
  expect(plan).toContain(costs.replace('about 3', 'about 0'));
  const name = new URL(url).pathname.slice(1);
  for (const [grant] of page.matchAll(/^ {2}GRANT .*? ON \S+/gm))
    expect(plan).toContain(grant.replace('`shop`', `\`${name}\``));
});

test('its row event is what the triggers append, and its translation makes of it what a consumer gets', async () => {
  writeFileSync(join(folder, 'translate-catalogue.ts'), blocks('ts')[0] ?? '');
  const translate = (await loadTranslations(captures, folder))('catalogue');
  await database.query(
    "INSERT INTO products VALUES ('monstera-m', 'Monstera, medium', '', '', 1, 24.90, NOW())",
  );
  await applyCapture(database, catalogue);
  await database.query(/`(UPDATE products SET price = 27\.90[^`]*)`/.exec(page)?.[1] ?? 'not shown');
  const update = await appended();
  expect(update).toEqual({ type: 'row.catalogue.update', key: envelope.partitionkey, change: rowEvent });
  expect(translate?.(update.change, key)).toEqual({ type: envelope.type, data: envelope.data });

  await database.query("UPDATE products SET name = 'Monstera'");
  expect(translate?.((await appended()).change, key)).toBeUndefined();
  await database.query('UPDATE products SET price = -1');
  const { change: negative } = await appended();
  const reason = /the translation of capture 'catalogue' failed: ([^|]*?) +\|/.exec(page)?.[1];
  expect(() => translate?.(negative, key)).toThrow(reason ?? 'no reason is shown');
  await database.query('DELETE FROM products');
  expect(translate?.((await appended()).change, key)).toMatchObject({ type: 'ProductWithdrawn' });
});

test('its event of a row that does not fit is what the triggers append', async () => {
  const manuals = {
    name: 'manuals',
    table: 'manuals',
    key: 'sku',
    columns: ['pages', 'body'],
    aggregate: 'manual',
  };
  await database.query('CREATE TABLE manuals (sku VARCHAR(32) PRIMARY KEY, pages INT, body LONGTEXT)');
  await database.query(
    "INSERT INTO manuals VALUES ('pilea-s', 1, REPEAT('x', FLOOR(@@max_allowed_packet * 0.55)))",
  );
  await applyCapture(database, manuals);
  await database.query('UPDATE manuals SET pages = 2');
  expect((await appended()).change).toEqual(shortened);
});
