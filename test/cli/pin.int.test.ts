import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { compileSnapshot, decide } from '../../contexts/index.ts';
import { configOf, SHOP } from '../contexts/sample.ts';
import { banyan } from './support/banyan.ts';

const KEY = 'k'.repeat(32);

async function fileWith(yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-pin-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'banyan.yaml'), yaml);
  return join(folder, 'banyan.yaml');
}

it('signs a field and a cookie that the gateways believe, and says until when', async () => {
  const file = await fileWith(`${SHOP}gateway: { overrides: { keys: ['\${PIN_KEY}'] } }\n`);
  const ran = await banyan(['-c', file, 'pin', 'inventory=extracted', '--ttl', '2h', '--json'], {
    env: { PIN_KEY: KEY },
  });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  const { pin, field, cookie, until } = JSON.parse(ran.stdout) as Record<string, string>;
  expect([field, cookie]).toEqual([`X-Banyan-Pin: ${pin}`, `banyan-pin=${pin}`]);
  expect(Math.abs(Date.parse(until!) - Date.now() - 7_200_000)).toBeLessThan(120_000);
  const config = configOf(`${SHOP}gateway: { overrides: { keys: ['${KEY}'] } }\n`);
  const snapshot = compileSnapshot(config, { generation: 'g', revision: 1, contexts: {} });
  const facts = { method: 'GET', target: '/inventory/a', headers: { cookie: cookie! }, now: Date.now() };
  expect(decide(snapshot, facts)).toMatchObject({ upstream: 'inventory' });
});

it.each([
  [['inventory=shadow'], "found 'inventory=shadow'; required: a context and a side"],
  [['orders=extracted'], "there is no context 'orders'; known contexts: inventory"],
  [['inventory=legacy', '--ttl', '31d'], 'from 1s to 30d'],
])('is called wrongly with %j', async (args, message) => {
  const file = await fileWith(`${SHOP}gateway: { overrides: { keys: ['${KEY}'] } }\n`);
  const ran = await banyan(['-c', file, 'pin', ...args]);
  expect(ran.stderr).toContain(message);
  expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
});

it('says what the configuration needs', async () => {
  const ran = await banyan(['-c', await fileWith(SHOP), 'pin', 'inventory=extracted']);
  expect(ran.stderr).toContain('lets nobody pin: add gateway.overrides with keys');
  expect(ran.exitCode).toBe(2);
});
