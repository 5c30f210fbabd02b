import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Child } from '../../demo/servers/child.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite, type Site } from './support/site.ts';

const database = await freshDatabase('control');

/** A control plane and two gateways of one name on one MySQL store, without Redis. */
let site: Site;
let file: string;
let second: Child;
let controlPlane: Child;
const run = (...args: string[]) =>
  banyan(['-c', file, ...args], { env: { BANYAN_TOKEN: 'the-token-of-ada-1815' } });

beforeAll(async () => {
  site = await openSite();
  const admin = await site.address();
  file = join(site.folder, 'banyan.yaml');
  await writeFile(
    file,
    `gateway: { stateDir: '${join(site.folder, 'state')}', name: edge }
upstreams: { monolith: { url: '${site.monolith}' }, service: { url: '${site.service}' } }
contexts: { inventory: { upstream: service, cohort: { cookie: sid }, routes: ['GET /inventory/:sku'] } }
control:
  admin: ${admin}
  store: mysql
  database: ${database}
  tokens: [{ owner: ada, token: the-token-of-ada-1815 }]
`,
  );
  const gateway = async () => {
    const [listen, ops] = [await site.address(), await site.address()];
    return site.start(`http://${ops}/readyz`, '-c', file, 'gateway', '--listen', listen, '--ops', ops);
  };
  [controlPlane] = await Promise.all([
    site.start(`http://${admin}/readyz`, '-c', file, 'control-plane', '--ops', '127.0.0.1:0'),
    gateway(),
  ]);
  await until('the first', async () => (await run('gateways', 'list')).stdout.includes('edge'));
  second = await gateway();
  await until('the second', async () => (await run('gateways', 'list')).stdout.includes('edge~2'));
});
afterAll(() => site.stop());

it('counts both gateways of one name, and names the one that is cut off until it is forgotten', async () => {
  const both = await run(
    'context',
    'set',
    'inventory',
    '--reads',
    'canary',
    '--percent',
    '5',
    '--wait',
    '10',
  );
  expect(both.stdout).toMatch(
    /^inventory: reads legacy → canary 5 %\n2 of 2 at revision 2, the last after \d+ ms\n$/,
  );

  second.kill('SIGKILL');
  const connection = await createConnection(database);
  await connection.query(
    "UPDATE banyan_gateway SET seen_at = seen_at - INTERVAL 3 DAY WHERE gateway = 'edge~2'",
  );
  await connection.end();
  const cut = await run('context', 'set', 'inventory', '--reads', 'extracted', '--wait', '10');
  expect(cut.stdout).toMatch(/\n1 of 2 at revision 3, .*\nedge~2 is at revision 2, last seen 3 d ago\n$/);
  expect(cut.exitCode).toBe(1);

  const list = await run('gateways', 'list');
  expect(list.stdout).toMatch(
    /^gateway {2}revision {2}writes {2}last seen\nedge {5}3 {9}0 {7}\d+ ms ago\nedge~2 {3}2 {9}0 {7}3 d ago\n$/,
  );
  const alive = await run('gateways', 'forget', 'edge');
  expect(alive).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('it lives, and would be') });
  const forgotten = await run('gateways', 'forget', 'edge~2');
  expect(forgotten).toMatchObject({ exitCode: 0, stdout: 'edge~2 is forgotten; it was seen last 3 d ago\n' });
  const undone = await run('context', 'undo', 'inventory', '--wait', '10', '--json');
  expect(JSON.parse(undone.stdout)).toMatchObject({ summary: '1 of 1 at revision 4', missing: [] });
  expect(undone.exitCode).toBe(0);
});

it('wants a token of its own from everybody, and names its owner in the audit', async () => {
  const nobody = await banyan(['-c', file, 'context', 'list']);
  expect(nobody).toMatchObject({ exitCode: 2, stdout: '' });
  expect(nobody.stderr).toMatch(/^banyan: the admin API wants one of the tokens of control\.tokens/);
  const audit = await run('context', 'audit', 'inventory', '--json');
  const { entries } = JSON.parse(audit.stdout) as { entries: { actor: string; action: string }[] };
  expect(entries.map(({ actor, action }) => `${action} by ${actor}`)).toEqual([
    'undo by ada',
    'set by ada',
    'set by ada',
    'first by banyan.yaml',
  ]);
});

it('takes its changed file over by itself or at SIGHUP, as a whole or not at all', async () => {
  const before = await readFile(file, 'utf8');
  const orders = "orders: { upstream: service, routes: ['GET /orders/:id'] }";
  const withOrders = before.replace(
    "routes: ['GET /inventory/:sku'] } }",
    `routes: ['GET /inventory/:sku'] }, ${orders} }`,
  );
  expect((await run('route', 'GET', '/orders/1')).stdout).toContain('no route matches');
  await writeFile(file, withOrders);
  await until('the file is read', async () =>
    /context +orders/.test((await run('route', 'GET', '/orders/1')).stdout),
  );
  const set = await run('context', 'set', 'orders', '--reads', 'shadow', '--wait', '0');
  expect(set.stderr).toBe('');
  expect(set.stdout).toMatch(/^orders: reads legacy → shadow\n/);

  // Told of all that is wrong, and of what needs a restart; and then nothing of the file is taken.
  await writeFile(file, `${withOrders.replace('/orders/:id', '/parcels/:id')}redis: nowhere\n`);
  controlPlane.kill('SIGHUP');
  await until('the mistake is logged', () => controlPlane.output().includes('redis: '));
  const elsewhere = withOrders
    .replace('/orders/:id', '/parcels/:id')
    .replace('store: mysql', 'exposed: true\n  store: mysql');
  await writeFile(file, elsewhere);
  controlPlane.kill('SIGHUP');
  await until('the field is named', () => /"fields":\["control"\]/.test(controlPlane.output()));
  await writeFile(file, withOrders);
  expect((await run('route', 'GET', '/orders/1')).stdout).toContain('a read');
  expect((await run('route', 'GET', '/parcels/1')).stdout).toContain('no route matches');
});
