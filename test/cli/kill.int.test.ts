import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Stages } from '../../contexts/index.ts';
import { openFileStore } from '../../control-plane/store/file-store.ts';
import { listed } from '../gateway/kill/order.ts';
import { send } from '../gateway/support/client.ts';
import { freshFolder, shopConfig, started, type Started } from '../gateway/support/gateway.ts';
import { closedUrl, startUpstream } from '../gateway/support/upstream.ts';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite } from './support/site.ts';

let folder: string;
let gateways: [Started, Started];
let urls: { monolith: string; inventory: string };
const opsOf = ({ opsUrl }: { opsUrl: string }) => opsUrl.replace('http://', '');
// Long enough for a busy machine.
const PATIENT = ['--timeout', '20'];
const kill = (...args: string[]) => banyan(['kill', ...PATIENT, ...args], { cwd: folder });
const read = async ({ url }: Started) => (await send(url, '/inventory/a')).body;

/** Two gateways, whose store is away by now, and a configuration that names them and has mistakes elsewhere. */
async function fleet(stages: Partial<Stages['contexts'][string]> = { reads: { stage: 'extracted' } }) {
  const source = memorySource({ inventory: stages });
  const config = await shopConfig(urls);
  gateways = [await started(config, source, { name: 'g1' }), await started(config, source, { name: 'g2' })];
  source.away = true;
  const ops = gateways.map(opsOf);
  await writeFile(
    join(folder, 'banyan.yaml'),
    `gateway: { fleet: ['${ops[0]}', '\${SECOND}'] }\n` +
      `control: { admin: '${opsOf({ opsUrl: await closedUrl() })}', database: '\${NOT_SET}', wrong: true }\n`,
  );
  return { ops };
}

beforeEach(async () => {
  folder = await freshFolder();
  urls = {
    monolith: (await startUpstream('monolith')).url,
    inventory: (await startUpstream('inventory')).url,
  };
});

test('a kill reaches every gateway without the store, says which confirmed, and a release undoes it', async () => {
  const { ops } = await fleet();
  const env = { SECOND: ops[1]! };
  const killed = await banyan(['kill', ...PATIENT, 'inventory', '--reason', 'wrong stock'], {
    cwd: folder,
    env,
  });
  expect(killed.stderr).toBe('');
  expect(killed.exitCode).toBe(0);
  const lines = killed.stdout.split('\n');
  expect(lines[0]).toBe('killed on 2 of 2 gateways');
  expect(lines[1]).toMatch(/^gateway +ops port +revision +context +state$/);
  for (const [index, name] of ['g1', 'g2'].entries()) {
    expect(lines[2 + index]).toMatch(
      new RegExp(
        `^${name} +${ops[index]} +1 +inventory +killed at \\S+Z by \\S+@\\S+ \\(wrong stock\\): reads → monolith, writes → monolith$`,
      ),
    );
  }
  expect(lines[4]).toMatch(/^whether there are more gateways is unknown, the register can't be asked: /);
  for (const gateway of gateways) expect(await read(gateway)).toBe('monolith');

  const again = await banyan(['kill', ...PATIENT, '--all', '--json'], { cwd: folder, env });
  expect(again.exitCode).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({
    ...{ action: 'kill', confirmed: 2, of: 2 },
    gateways: [
      {
        ops: ops[0],
        answer: { gateway: 'g1', contexts: [{ context: 'inventory', changed: false }], unaudited: 1 },
      },
      { ops: ops[1], answer: { gateway: 'g2' } },
    ],
  });
  const list = await banyan(['kill', ...PATIENT, '--list'], { cwd: folder, env });
  expect(list.stdout).toMatch(/^g2 .* inventory +killed at .* \(wrong stock\)/m);

  const released = await banyan(['kill', ...PATIENT, 'inventory', '--release'], { cwd: folder, env });
  expect(released.exitCode).toBe(0);
  expect(released.stdout).toMatch(/^released on 2 of 2 gateways\n/);
  expect(released.stdout).toMatch(/^g1 .* inventory +its stage decides$/m);
  for (const gateway of gateways) expect(await read(gateway)).toBe('inventory');
});

test('of three gateways one that is cut off and one that hangs are named, and the exit code is 1', async () => {
  const { ops } = await fleet();
  const hangs = await startUpstream('hangs', () => {});
  const gone = opsOf({ opsUrl: await closedUrl() });
  const { exitCode, stdout } = await kill(
    ...['inventory', '--ops', `${ops[0]},${gone}`, '--ops', opsOf({ opsUrl: hangs.url }), '--timeout', '1.5'],
  );
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^killed on 1 of 3 gateways\n/);
  expect(stdout).toMatch(new RegExp(`^\\? +${gone} .*not reached, so unknown: connect ECONNREFUSED`, 'm'));
  expect(stdout).toMatch(/not reached, so unknown: no answer within 1.5 s$/m);
  expect(await read(gateways[0])).toBe('monolith');
  expect(await read(gateways[1])).toBe('inventory');
});

test('where the writes have moved it is refused with what to type, and that works', async () => {
  const { ops } = await fleet({ reads: { stage: 'extracted' }, writes: { stage: 'extracted' } });
  const at = ['--ops', ops.join(',')];
  const refused = await kill('inventory', ...at);
  expect(refused.exitCode).toBe(1);
  expect(refused.stdout).toMatch(/^killed on 0 of 2 gateways\n/);
  expect(refused.stdout.match(/^refused: .*--accept-loss.*--hold-writes.*$/gm)).toHaveLength(1);
  expect(await read(gateways[0])).toBe('inventory');

  const held = await kill('--all', '--hold-writes', ...at);
  expect(held.exitCode).toBe(0);
  expect(held.stdout).toMatch(/reads → monolith, writes → nobody$/m);
  expect((await send(gateways[1].url, '/inventory/a', { method: 'POST' })).status).toBe(503);
  const lost = await kill('inventory', '--accept-loss', ...at);
  expect(lost.stdout).toMatch(/reads → monolith, writes → extracted service$/m);
});

test('a call that means nothing is refused with exit code 2, and nothing is killed', async () => {
  const { ops } = await fleet();
  const calls: [string[], RegExp][] = [
    [[], /no context is named/],
    [['inventory', '--all'], /--all is every context/],
    [['inventory', '--accept-loss', '--hold-writes'], /exclude each other/],
    [['inventory', '--release', '--hold-writes'], /belong to a kill/],
    [['--list', '--all'], /--list shows all/],
    [['inventory', '--ops', 'nowhere'], /Required: addresses such as/],
    [['inventory', '--timeout', '0'], /Seconds above 0/],
    [['inventory'], /names an ops port as '\$\{SECOND\}'/],
    [['inventory', '-c', 'other.yaml'], /can't read other.yaml/],
  ];
  await Promise.all(
    calls.map(async ([args, message]) => {
      const { exitCode, stdout, stderr } = await kill(...args);
      expect(stderr).toMatch(message);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    }),
  );
  const mistyped = await kill('inventroy', '--ops', ops.join(','));
  expect(mistyped.exitCode).toBe(2);
  expect(mistyped.stdout).toContain("refused: there is no context 'inventroy'; known contexts: inventory\n");
  for (const gateway of gateways) expect((await listed(gateway)).contexts[0]!.kill).toBe(null);
});

test('a gateway of the register that nobody asked is named; two ways to one gateway are one; the audit has it once', async () => {
  const site = await openSite();
  onTestFinished(() => site.stop());
  const [listen, ops, admin] = [await site.address(), await site.address(), await site.address()];
  await writeFile(
    join(site.folder, 'banyan.yaml'),
    `gateway: { listen: '${listen}', ops: '${ops}', name: g1, fleet: ['${ops}', '${ops.replace('127.0.0.1', 'localhost')}'] }
control: { admin: '${admin}' }
upstreams: { monolith: { url: '${site.monolith}' }, inventory: { url: '${site.service}' } }
contexts: { inventory: { upstream: inventory, routes: ['GET /inventory/:sku'], reads: extracted } }
`,
  );
  await site.start(`http://${ops}/readyz`, 'gateway');
  const store = openFileStore({ folder: join(site.folder, '.banyan'), first: {} });
  onTestFinished(() => store.close());
  await until('it is registered', async () => (await store.gateways()).length === 1);
  await until('the admin API', async () => (await fetch(`http://${admin}/healthz`)).ok);
  const run = (...args: string[]) => banyan(args, { cwd: site.folder });
  const alone = await run('kill', ...PATIENT, 'inventory', '--reason', 'wrong stock');
  expect(alone.stdout).toMatch(/^killed on 1 of 1 gateway\n/);
  expect(alone.stdout).not.toContain('unknown');
  expect(alone.exitCode).toBe(0);
  await until('the audit', async () =>
    (await store.audit()).some(({ action, reason }) => action === 'kill' && reason === 'wrong stock'),
  );
  const audit = await run('context', 'audit', 'inventory');
  expect(audit.stdout.match(/kill +inventory +on g1 at \S+Z +wrong stock$/gm)).toHaveLength(1);

  const { generation, revision } = await store.read();
  await store.confirm({ gateway: 'g2', generation, revision, writesInFlight: {} });
  const list = await run('kill', ...PATIENT, '--list');
  expect(list.exitCode).toBe(1);
  expect(list.stdout).toMatch(/^g2 .*registered, and has not answered$/m);
  expect(list.stdout).toContain('--ops says, or gateway.fleet');
});

test('it loads the one library that reads the configuration, and no other', async () => {
  await mkdir(join(folder, 'empty'));
  const loader = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { console.error(url); return next(url, context); } });`;
  const { stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(loader)}`],
      fileURLToPath(new URL('../../cli/main.ts', import.meta.url)),
      ...['kill', 'inventory', '--ops', opsOf({ opsUrl: await closedUrl() })],
    ],
    { encoding: 'utf8', cwd: join(folder, 'empty') },
  );
  const libraries = [...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].map(([, name]) => name);
  expect([...new Set(libraries)].toSorted()).toEqual(['commander', 'yaml']);
});
