import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, expect, inject, it } from 'vitest';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

/** A story that is short where its length isn't the matter. */
const SHORT = ['--pace', '0', '--rate', '25', '--cohorts', '30'];

let running: ChildProcess | undefined;
let folder: string | undefined;
afterEach(async () => {
  if (running?.exitCode === null && running.signalCode === null) process.kill(-running.pid!, 'SIGKILL');
  if (folder) await rm(folder, { recursive: true, force: true });
});

it('plays the story, finds every promise kept, and leaves nothing behind', async () => {
  const servers = { BANYAN_DATABASE_URL: inject('databaseServer'), BANYAN_REDIS_URL: inject('redis') };
  const demo = await startDemo(['--once', ...SHORT], servers);
  const code = await demo.ended;
  const last = demo.output().trimEnd().split('\n').at(-1);
  expect(last, demo.output()).toMatch(
    /^demo ok: [\d,]+ requests, 0 failed, [\d,]+ events, 0 lost, 0 duplicated, lag p99 \d+ ms$/,
  );
  expect(demo.output()).toMatch(
    /\n24 pages were left open through every toggle, with the WebSocket that they began with; \d+ more were opened, 0 broke\n/,
  );
  expect(code).toBe(0);
  await nothingIsLeft();
});

it('runs on after the story until Ctrl+C, on servers that are given, and takes its things away from there', async () => {
  const server = inject('databaseServer');
  const before = await demoDatabases(server);
  const redis = new Redis(inject('redis'));
  await redis.flushall();
  const demo = await startDemo(SHORT, {
    BANYAN_DATABASE_URL: server,
    BANYAN_REDIS_URL: inject('redis'),
  });
  await until('the end of the story', () => demo.output().includes('it is your turn'), 180_000);
  const gateway = /http:\/\/[\d.:]+/.exec(demo.output())![0];
  expect((await fetch(gateway)).headers.get('x-served-by')).toBe('monolith');
  expect((await fetch(`${gateway}/inventory/zz`)).headers.get('x-served-by')).toBe('inventory-service');
  expect((await demoDatabases(server)).length).toBe(before.length + 3);
  expect(await redis.keys('bull:*')).not.toEqual([]);
  // The demo, its emulator, shop, service, control plane, relay, gateway.
  expect((await left()).length).toBeGreaterThanOrEqual(7);
  process.kill(demo.pid, 'SIGINT');
  expect(await demo.ended).toBe(0);
  expect(demo.output()).toContain('stopped; nothing is left behind');
  await nothingIsLeft();
  expect(await demoDatabases(server)).toEqual(before);
  expect(await redis.keys('*')).toEqual([]);
  redis.disconnect();
});

it('says which promise was broken and exits 1, when an event is missing and another one was applied twice', async () => {
  const server = inject('databaseServer');
  const demo = await startDemo(['--once', ...SHORT], {
    BANYAN_DATABASE_URL: server,
    BANYAN_REDIS_URL: inject('redis'),
  });
  // The shop's first prices and stock have been applied by then, and all chapters are yet to come.
  await until('the first chapter', () => demo.output().includes('All on the monolith'), 180_000);
  const inventory = (await demoDatabases(server)).find((name) => name.endsWith('_inventory'))!;
  const connection = await createConnection(`${server.replace(/\/*$/, '')}/${inventory}`);
  // At once: in between the service would seem to have all that the shop told.
  await connection.beginTransaction();
  await connection.query(
    'INSERT INTO applied (event_id, kind, sku, value, delta, movement, recorded_at) ' +
      "SELECT event_id, kind, sku, value, delta, movement, recorded_at FROM applied WHERE kind = 'stock' AND sku = 'zz' LIMIT 1",
  );
  await connection.query("DELETE FROM applied WHERE kind = 'price' AND sku = 'fiddle' LIMIT 1");
  await connection.commit();
  await connection.end();
  expect(await demo.ended).toBe(1);
  expect(demo.output()).toMatch(/violation: lost: price change of fiddle: [\d.]+\n/);
  expect(demo.output()).toMatch(/violation: duplicated or invented: stock change of zz: /);
  expect(demo.output()).toMatch(/violation: duplicated: event \S+ was applied more than once\n/);
  const last = demo.output().trimEnd().split('\n').at(-1);
  expect(
    last,
    demo
      .output()
      .match(/^violation: .*$/gm)
      ?.join('\n'),
  ).toMatch(/^demo failed: 3 violations; [\d,]+ requests, 0 failed, .* 1 lost, 1 duplicated, lag p99/);
  await nothingIsLeft();
});

it.each([
  ['before anything runs', 'starting database'],
  ['while the tables are made', 'the shop as it was'],
  ['while the processes start', 'starting shop'],
])('is stopped by Ctrl+C %s, as a terminal sends it to every process at once', async (_when, line) => {
  const demo = await startDemo([]);
  await until(line, () => demo.output().includes(line), 60_000);
  process.kill(-demo.pid, 'SIGINT');
  expect(await demo.ended, demo.output()).toBe(0);
  await nothingIsLeft();
});

interface Demo {
  readonly pid: number;
  readonly ended: Promise<number | null>;
  output(): string;
}

/** In a process group and a temporary folder of its own, so that whatever it leaves can be seen. */
async function startDemo(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Demo> {
  const own = await mkdtemp(join(tmpdir(), 'bd-'));
  folder = own;
  const { BANYAN_DATABASE_URL: _database, BANYAN_REDIS_URL: _redis, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...env, TMPDIR: own },
  });
  running = child;
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { pid: child.pid!, ended, output: () => output };
}

/** Whatever the demo started has the name of its temporary folder in its environment. */
async function nothingIsLeft(): Promise<void> {
  await until('every process gone', async () => (await left()).length === 0).catch(async (cause: unknown) => {
    throw new Error(`left behind:\n${(await left()).join('\n')}`, { cause });
  });
  expect(await readdir(folder!)).toEqual([]);
}

async function left(): Promise<string[]> {
  if (process.platform === 'darwin') {
    const all = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 });
    return all
      .toString()
      .split('\n')
      .filter((line) => line.includes(folder!) && !line.includes(' ps '));
  }
  // A small Debian has no `ps`.
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [environment, command] = await Promise.all([
        read(`/proc/${pid}/environ`),
        read(`/proc/${pid}/cmdline`),
      ]);
      return `${environment}${command}`.includes(folder!) ? `${pid} ${command.replaceAll('\0', ' ')}` : '';
    }),
  );
  return found.filter(Boolean);
}

async function demoDatabases(server: string): Promise<string[]> {
  const connection = await createConnection(server);
  const [rows] = await connection.query<RowDataPacket[]>("SHOW DATABASES LIKE 'banyan\\_demo\\_%'");
  await connection.end();
  return rows.map((row) => String(Object.values(row)[0])).toSorted();
}
