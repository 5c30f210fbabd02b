import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, inject, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../demo/real/main.ts', import.meta.url));
const SAKILA = fileURLToPath(new URL('../../../../shared/data/sakila', import.meta.url));

// The sample database isn't ours to ship: where its folder isn't, `npm run real` asks for it.
test.runIf(existsSync(SAKILA))(
  'a fifth of Sakila through the whole chain is rebuilt customer by customer, and leaves no database behind',
  async () => {
    const { code, output } = await real([
      SAKILA,
      '--customers',
      '120',
      '--database',
      inject('databaseServer'),
    ]);
    expect(output).toContain(
      "real ok: the rebuilt totals equal Sakila's for each of 120 customers, and each customer's order is intact",
    );
    expect(output).toMatch(/rentals +3,\d+\n +payments +3,\d+\n +customers +120\n/);
    expect(output).toMatch(/written through the gateway +[\d.]+ s, [\d,]+ \/s/);
    expect(output).toMatch(/lag, append to handled: p50 +[\d,]+ ms/);
    expect(code).toBe(0);
    expect(await leftBehind()).toEqual([]);
  },
);

test('a folder without Sakila is refused with what is required, and nothing is left behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-no-sakila-'));
  await writeFile(join(folder, 'readme.txt'), '');
  const { code, output } = await real([folder, '--database', inject('databaseServer')]);
  expect(output).toContain(`can't read ${join(folder, 'sakila-schema.sql')}`);
  expect(output).toContain('sakila-schema.sql and sakila-data.sql');
  expect(code).toBe(1);
  expect(await leftBehind()).toEqual([]);
  await rm(folder, { recursive: true });
});

test('without a folder it says how it is called', async () => {
  const { code, output } = await real([]);
  expect(output).toContain('usage: npm run real -- <folder');
  expect(code).toBe(2);
  const wrong = await real([SAKILA, '--customers', 'all']);
  expect(wrong.output).toContain('--customers all: required is a number above 0');
  expect(wrong.code).toBe(2);
});

function real(args: readonly string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, BANYAN_REDIS_URL: inject('redis') };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }),
    );
  });
}

async function leftBehind(): Promise<string[]> {
  const connection = await createConnection({ uri: inject('databaseServer') });
  const [rows] = await connection.query<RowDataPacket[]>("SHOW DATABASES LIKE 'banyan\\_real\\_%'");
  await connection.end();
  return rows.map((row) => String(Object.values(row)[0]));
}
