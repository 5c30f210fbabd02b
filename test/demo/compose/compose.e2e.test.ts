import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, inject, test } from 'vitest';
import { createConnection } from 'mysql2/promise';
import { forgetQueue } from '../../../demo/forget-queue.ts';
import { freePort, startChild, untilReady, type Child } from '../../../demo/servers/child.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../demo/servers/temporary-folder.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { until } from '../../support/until.ts';
import { readCompose, root } from './read-compose.ts';

const { services } = readCompose();
const children: Child[] = [];
let folder: TemporaryFolder | undefined;
let forget: () => Promise<void> = async () => {};

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()));
  await forget();
  await folder?.remove();
});

/** What the image kinesis-mock runs, as its npm package has it. */
async function startKinesisMock(): Promise<string> {
  const port = await freePort();
  const main = fileURLToPath(import.meta.resolve('kinesis-local/main.js'));
  const env = {
    ...process.env,
    KINESIS_MOCK_PLAIN_PORT: `${port}`,
    KINESIS_MOCK_TLS_PORT: `${await freePort()}`,
  };
  // It reads its certificate from the working directory.
  const child = startChild({ command: process.execPath, args: [main], env, cwd: dirname(main) });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(child, 'kinesis-mock', async () => (await fetch(`${url}/healthcheck`)).ok);
  return url;
}

// The containers' own commands and configuration, as processes of this machine: what only an engine can show is left out.
test('the composed processes find each other, and the shoppers are served by both sides of a toggle', async () => {
  folder = await temporaryFolder('banyan-compose-');
  for (const volume of services['relay']!.volumes!.filter((one) => one.includes(':/etc/banyan/'))) {
    const [source = '', target = ''] = volume.split(':');
    await copyFile(join(root, source), join(folder.path, basename(target)));
  }
  const CONFIG = join(folder.path, basename(services['relay']!.environment['BANYAN_CONFIG']!));
  const at = async () => `127.0.0.1:${await freePort()}`;
  const [gateway, gatewayOps, relayOps, admin, shop, inventory, inventoryOps] = await Promise.all(
    Array.from({ length: 7 }, at),
  );
  const prefix = `banyan_compose_${process.pid}_`;
  const databaseUrl = (name: string) => `${inject('databaseServer').replace(/\/*$/, '')}/${prefix}${name}`;
  const own = {
    SHOP_DATABASE: databaseUrl('shop'),
    INVENTORY_DATABASE: databaseUrl('inventory'),
    CONTROL_DATABASE: databaseUrl('control'),
    REDIS: inject('redis'),
    STREAM: `composed-${process.pid}`,
    STREAM_ENDPOINT: await startKinesisMock(),
    MONOLITH: `http://${shop}`,
    INVENTORY: `http://${inventory}`,
    BANYAN_ADMIN: `http://${admin}`,
    BANYAN_CONFIG: CONFIG,
    STATE_DIR: folder.path,
    SHOP_LISTEN: shop!,
    INVENTORY_LISTEN: inventory!,
    INVENTORY_OPS: inventoryOps!,
    GATEWAY: `http://${gateway}`,
    IDENTITY_KEYS: `http://${gateway}/.well-known/banyan-keys.json`,
    AWS_ACCESS_KEY_ID: 'emulator',
    AWS_SECRET_ACCESS_KEY: 'emulator',
  };
  const envOf = (name: string) => ({ ...process.env, ...services[name]!.environment, ...own });
  forget = async () => {
    const database = openDatabase(own.SHOP_DATABASE, { connections: 1 });
    await forgetQueue(own.REDIS, database).finally(() => database.end());
    const connection = await createConnection({ uri: inject('databaseServer') });
    for (const name of ['shop', 'inventory', 'control'])
      await connection.query(`DROP DATABASE IF EXISTS ${prefix}${name}`);
    await connection.end();
  };
  const commandOf = (name: string, ...more: string[]): string[] => {
    const { build, command = [] } = services[name]!;
    return build!.target === 'banyan'
      ? [join(root, 'cli/main.ts'), '-c', CONFIG, ...command, ...more]
      : [...command, ...more];
  };
  const start = async (name: string, ready: string | undefined, ...more: string[]) => {
    const child = startChild({
      command: process.execPath,
      args: commandOf(name, ...more),
      env: envOf(name),
      cwd: root,
    });
    children.push(child);
    if (ready) await untilReady(child, name, async () => (await fetch(ready)).ok);
    return child;
  };
  const run = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, args, { cwd: root, env: envOf('gateway') })).stdout;

  const prepare = () => run(...commandOf('prepare'));
  expect(await prepare()).toContain('made the databases');
  // `docker compose up` again: all is there already.
  expect(await prepare()).toContain('the databases are there already');

  await Promise.all([
    start('control-plane', `http://${admin}/readyz`, '--listen', admin!, '--ops', '127.0.0.1:0'),
    start('shop', `http://${shop}/`),
    start('relay', `http://${relayOps}/readyz`, '--ops', relayOps!),
    start('inventory', `http://${inventoryOps}/readyz`),
  ]);
  await start('gateway', `http://${gatewayOps}/readyz`, '--listen', gateway!, '--ops', gatewayOps!);
  const shoppers = await start('demo', undefined);
  // They tell every ten seconds.
  const tells = (line: RegExp) =>
    until(`${line} of the shoppers`, () => line.test(shoppers.output()), 30_000);
  await tells(/\b0 of [1-9]\d* inventory reads/);

  const banyan = (...args: string[]) => run(join(root, 'cli/main.ts'), '-c', CONFIG, ...args);
  expect(await banyan('context', 'set', 'inventory', '--reads', 'extracted')).toContain('1 of 1 at revision');
  const served = await fetch(`http://${gateway}/inventory/banyan`);
  expect([served.status, served.headers.get('x-served-by')]).toEqual([200, 'inventory-service']);
  await tells(/\b[1-9]\d* of [1-9]\d* inventory reads on the service, 0 failed/);
  expect(await banyan('lag')).toContain('inventory');
});
