import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../support/database.ts';

let folder: string;
let url: string;
let name: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-install-'));
  url = await freshDatabase();
  name = new URL(url).pathname.slice(1);
  await writeFile(
    join(folder, 'banyan.yaml'),
    `upstreams:\n  monolith: { url: http://127.0.0.1:1 }\noutbox:\n  database: ${url}\n`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs `banyan` in a folder with a banyan.yaml, without a terminal. */
function banyan(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = new URL('../../cli/main.ts', import.meta.url).pathname;
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function tables(): Promise<number> {
  const connection = await createConnection(url);
  const [rows] = await connection.query<RowDataPacket[]>("SHOW TABLES LIKE 'banyan%'");
  await connection.end();
  return rows.length;
}

test('install --print changes nothing, and needs no server', async () => {
  expect(await banyan('install', 'control', '--print', '-d', 'mysql://root@127.0.0.1:1/shop')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/USE `shop`;[\s\S]*CREATE TABLE[\s\S]*GRANT SELECT/),
  });
  expect((await banyan('install', 'outbox', '--print')).out).toContain(`GRANT INSERT (event_id`);
  expect(await tables()).toBe(0);
});

test('install --print gives the control plane the right to stop captures where that is configured, and only there', async () => {
  const file = join(folder, 'stops.yaml');
  const capture = 'key: id, columns: [id], aggregate: product';
  const yaml = (atBudget: string) =>
    `upstreams: { monolith: { url: http://127.0.0.1:1 } }
outbox: { database: '${url}', budget: { atBudget: ${atBudget} } }
captures: { product: { table: product, ${capture} }, stock: { table: stock, ${capture.replace('product', 'stock')} } }
`;
  const printed = async (atBudget: string) => {
    await writeFile(file, yaml(atBudget));
    return (await banyan('--config', file, 'install', 'outbox', '--print')).out.match(/^GRANT TRIGGER .*$/gm);
  };
  expect(await printed('stopCapture')).toEqual(
    ['product', 'stock'].map((table) => `GRANT TRIGGER ON \`${name}\`.\`${table}\` TO 'banyan_control'@'%';`),
  );
  expect(await printed('alarm')).toBeNull();
});

test('the database is that of banyan.yaml, or the one given', async () => {
  expect(await banyan('install', 'outbox')).toMatchObject({
    code: 0,
    out: expect.stringMatching(new RegExp(`^outbox: applied \\d+_outbox, .* in ${name}\n`)),
  });
  expect((await banyan('install', 'outbox')).out).toBe(`outbox: all there in ${name}, nothing to do\n`);
  expect((await banyan('install', 'inbox', '--database', url)).code).toBe(0);
});

test.each([
  [['install', 'inbox'], /own data.*--database/],
  [['install', 'control'], /has no control.database: add it/],
  [['install', 'outbox', '-d', 'postgres://x/y'], /must be a URL with a name/],
  [['install', 'outbox', '-d', 'mysql://root@127.0.0.1:3'], /must be a URL with a name/],
  [['-c', 'nowhere.yaml', 'install', 'outbox'], /can't read nowhere.yaml/],
  [['uninstall', 'outbox'], /Say --yes/],
])('a call that says too little is exit code 2: %s', async (args, message) => {
  expect(await banyan(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
});

test('a server that is away is exit code 1, without a password in the message', async () => {
  const { code, err } = await banyan('install', 'outbox', '-d', 'mysql://root:secret@127.0.0.1:1/shop');
  expect(code).toBe(1);
  expect(err).toMatch(/^banyan: can't connect to the database at 127\.0\.0\.1:1/);
  expect(err).not.toContain('secret');
});

test('uninstall takes each set out again', async () => {
  expect((await banyan('uninstall', 'outbox', '--print')).out).toContain(
    'DROP TABLE IF EXISTS `banyan_outbox`',
  );
  expect(await tables()).toBeGreaterThan(7);
  expect((await banyan('uninstall', 'inbox', '--yes', '-d', url)).out).toBe(
    `inbox: dropped banyan_inbox, banyan_checkpoint, banyan_inbox_sequence, banyan_inbox_number, banyan_inbox_held, banyan_inbox_audit in ${name}\n`,
  );
  const connection = await createConnection(url);
  await connection.query(
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ('x', '/m', 't', 'a', '1', '{}')",
  );
  await connection.end();
  expect(await banyan('uninstall', 'outbox', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('has 1 pending events'),
  });
  expect((await banyan('uninstall', 'outbox', '--force')).code).toBe(0);
  expect(await tables()).toBe(0);
  expect((await banyan('uninstall', 'outbox', '--yes')).out).toBe(`outbox: nothing of it in ${name}\n`);
});
