import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SHOP } from '../contexts/sample.ts';
import { banyan } from './support/banyan.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'banyan-config-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('`config check` names all mistakes with their lines and exits with 2, or what is seldom meant with 0', async () => {
  const [good, bad] = [join(await folder(), 'good.yaml'), join(await folder(), 'bad.yaml')];
  await writeFile(good, `${SHOP}gateway: { tls: { cert: /nowhere.pem, key: /nowhere.key } }\n`);
  await writeFile(bad, 'upstreams: { a: { url: nowhere } }\nmonolith: 5\n');
  const [fine, wrong] = await Promise.all([
    banyan(['config', 'check', '--file', good]),
    banyan(['--config', bad, 'config', 'check']),
  ]);
  expect(fine).toMatchObject({
    exitCode: 0,
    stdout: `${good} has no mistakes: 1 context, 2 routes, 2 upstreams\n`,
  });
  expect(fine.stderr).toContain('warning: /nowhere.pem, which it names for TLS, is not there\n');
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/bad\.yaml:1:\d+ upstreams\.a\.url: [^]*bad\.yaml:2:1 monolith: /);
});

test('`config diff` tells route by route what would go elsewhere', async () => {
  const [one, other] = [join(await folder(), 'one.yaml'), join(await folder(), 'other.yaml')];
  await writeFile(one, SHOP);
  await writeFile(other, SHOP.replace('- POST /inventory/:sku', '- { match: POST /stock, maxBody: 1KiB }'));
  expect(await banyan(['--config', one, 'config', 'diff', other])).toMatchObject({
    exitCode: 0,
    stdout: `POST /inventory/:sku
  before  inventory, a write, at http://127.0.0.1:3001/inventory/:sku
  after   the monolith (http://127.0.0.1:3000), /inventory/:sku
POST /stock
  before  the monolith (http://127.0.0.1:3000), /stock
  after   inventory, a write, at http://127.0.0.1:3001/stock
  route   nothing more → {"maxBody":1024}
`,
  });
});
