import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { rowEvents } from '../legacy-adapter/capture/events.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'banyan-capture-'));
const url = await freshDatabase('outbox');
const database = openDatabase(url);
afterAll(async () => {
  await database.end();
  rmSync(folder, { recursive: true });
});
writeFileSync(
  join(folder, 'banyan.yaml'),
  `upstreams: { monolith: { url: http://127.0.0.1:3000 } }
outbox: { database: ${url} }
captures:
  catalogue: { table: product, key: sku, columns: [price], aggregate: product }
  nowhere: { table: missing, key: id, columns: [x], aggregate: thing }
`,
);
await database.query('CREATE TABLE product (sku VARCHAR(20) PRIMARY KEY, price DECIMAL(10,2)) ENGINE=InnoDB');

const banyan = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

test('plan says what apply would do and changes nothing; apply does it; drop takes it out', async () => {
  const plan = await banyan('capture', 'plan', 'catalogue');
  expect(plan.stderr).toBe('');
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain('`apply` would create three triggers');
  expect(plan.stdout).toContain('CREATE TRIGGER `banyan_catalogue_update` AFTER UPDATE ON `product`');
  expect(plan.stdout).toContain('GRANT INSERT ON');
  await database.query("INSERT INTO product VALUES ('a', 1)");
  expect(await rowEvents(database)).toEqual([]);

  expect(await banyan('capture', 'apply', 'catalogue')).toMatchObject({
    code: 0,
    stdout: "capture 'catalogue': its three triggers are there now\n",
  });
  expect((await banyan('capture', 'apply', 'catalogue')).stdout).toContain('nothing changed');
  await database.query('UPDATE product SET price = 2');
  expect(await rowEvents(database)).toHaveLength(1);

  expect((await banyan('capture', 'drop', 'catalogue')).stdout).toBe(
    "capture 'catalogue': removed banyan_catalogue_delete, banyan_catalogue_insert, banyan_catalogue_update\n",
  );
  expect(await banyan('capture', 'drop', 'catalogue')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('nothing changed'),
  });
});

test('what stands in the way is listed by plan and by apply, with exit code 1', async () => {
  const plan = await banyan('capture', 'plan', 'nowhere');
  expect(plan.code).toBe(1);
  expect(plan.stdout).toContain("It can't be applied:\n  - there is no table 'missing'");
  const apply = await banyan('capture', 'apply', 'nowhere');
  expect(apply.code).toBe(1);
  expect(apply.stderr).toContain("capture 'nowhere' can't be applied:\n  - there is no table 'missing'");
});

test('an unknown capture is a usage error that names the known ones', async () => {
  expect(await banyan('capture', 'plan', 'catalog')).toMatchObject({
    code: 2,
    stderr: "banyan: there is no capture 'catalog'; known captures: catalogue, nowhere\n",
  });
});
