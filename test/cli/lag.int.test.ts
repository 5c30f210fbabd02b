import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LagHistory, LagReport } from '../../control-plane/index.ts';
import { freePort, startChild, untilReady, type Child } from '../../demo/servers/child.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { terminal } from './terminal.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'banyan-lag-'));
const url = await freshDatabase('outbox');
const database = openDatabase(url);
const ops = `127.0.0.1:${await freePort()}`;
let controlPlane: Child;
/** A relay's heartbeats. */
let beating: NodeJS.Timeout | undefined;

const banyan = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

beforeAll(async () => {
  const port = await freePort();
  writeFileSync(
    join(folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 }, service: { url: http://127.0.0.1:3001 } }
control: { admin: '127.0.0.1:${port}', ops: '${ops}' }
outbox: { database: '${url}' }
contexts:
  orders: { upstream: service, routes: [GET /orders/:id], events: [OrderPlaced] }
`,
  );
  controlPlane = startChild({
    command: process.execPath,
    args: [main, 'control-plane'],
    cwd: folder,
    env: process.env,
  });
  await untilReady(controlPlane, 'control plane', async () => (await fetch(`http://${ops}/readyz`)).ok);
});
afterAll(async () => {
  clearInterval(beating);
  await controlPlane.stop();
  await database.end();
  rmSync(folder, { recursive: true });
});

const beat = () =>
  database.query(
    `INSERT INTO banyan_outbox_relay (relay, settled_by_type) VALUES ('relay-1', '{}')
     ON DUPLICATE KEY UPDATE seen_at = NOW(6)`,
  );
const append = (type: string, secondsAgo: number) =>
  database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, server_clock, appended_at)
     VALUES (?, '/m', ?, 'o', '1', '{}', NULL, NOW(6) - INTERVAL ? SECOND)`,
    [randomUUID(), type, secondsAgo],
  );

test("the control plane's ops port tells the same figures, to whoever reaches it", async () => {
  const tell = async (path: string) => (await fetch(`http://${ops}${path}`)).text();
  expect([await tell('/healthz'), await tell('/readyz')]).toEqual(['ok\n', 'ready\n']);
  await until('the first sample', async () =>
    (await tell('/metrics')).includes('banyan_outbox_pending{context="orders"} 0\n'),
  );
});

test('exit code 1 while no relay is there, 0 when all is known and young, 1 when something is too old', async () => {
  const without = await banyan('lag');
  expect(without.code).toBe(1);
  expect(without.stdout).toContain('! relay: none seen; start one with `banyan relay`');
  await beat();
  beating = setInterval(() => void beat(), 500);
  const empty = await until('the rates are known, which takes two samples', async () => {
    const found = await banyan('lag');
    return found.stdout.includes('?') ? undefined : found;
  });
  expect(empty).toMatchObject({ code: 0, stderr: '' });
  expect(empty.stdout).toMatch(
    /^context +pending +oldest +in\/s +out\/s +parked +consumer lag +held +end to end$/m,
  );
  expect(empty.stdout).toMatch(/^orders +0 +– +[\d.]+ +[\d.]+ +0 +no consumer +– +–$/m);
  expect(empty.stdout).toContain('open transaction: none holds an event back');
  await append('OrderPlaced', 10);
  expect((await banyan('lag')).code).toBe(0);
  const strict = await banyan('lag', '--max-age', '5s');
  expect(strict.code).toBe(1);
  expect(strict.stdout).toMatch(/^orders +1 +1\d\.\d s /m);
  expect(strict.stdout).toMatch(/^total +1 +1\d\.\d s /m);
  await append('Mystery', 1);
  expect((await banyan('lag')).stdout).toContain("unassigned: Mystery (belong to no context's `events`)");
});

test('prints JSON, and exits by the same rule', async () => {
  const { code, stdout } = await banyan('lag', '--json', '--max-age', '1ms');
  expect(code).toBe(1);
  expect((JSON.parse(stdout) as LagReport).total.pending).toBe(2);
});

test('--history tells minute by minute how it was, and shows a minute without a sample as a gap', async () => {
  await database.query(
    `INSERT INTO banyan_outbox_lag_history (minute, context, pending, oldest_ms, parked)
     SELECT FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP() / 60) * 60) - INTERVAL n MINUTE, 'orders', 4, 90000, 0
       FROM (SELECT 2 AS n UNION ALL SELECT 3) ago`,
  );
  const { code, stdout } = await banyan('lag', '--history', '--since', '10m');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^orders +·+██·+ +1 min 30 s +– +4 +0 +0 min +8 min$/m);
  expect(stdout).not.toContain('consumer of');
  await database.query(
    `INSERT INTO banyan_outbox_consumer_lag (minute, context, figure, worst_ms)
     SELECT FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP() / 60) * 60) - INTERVAL n MINUTE, 'orders', figure, IF(n = 3, NULL, ms)
       FROM (SELECT 2 AS n UNION ALL SELECT 3 UNION ALL SELECT 4) ago
       JOIN (SELECT 'whole' AS figure, 9000 AS ms UNION ALL SELECT 'consumer', 400) one`,
  );
  const consumers = await banyan('lag', '--history', '--since', '10m');
  expect(consumers.stdout).toMatch(/^orders +·+█\?█·+ +≥ 9\.0 s +– +≥ 400 ms +– +1 min +7 min$/m);
  const one = await banyan('lag', '--history', '--context', 'orders', '--json');
  const { contexts, total } = JSON.parse(one.stdout) as LagHistory;
  expect(contexts.map(({ name, minutes }) => [name, minutes.length])).toEqual([['orders', 120]]);
  expect(total.minutes.filter(({ sampled }) => sampled)).toHaveLength(2);
  expect(contexts[0]!.minutes.flatMap(({ endToEndMs: ms }) => (ms === undefined ? [] : [ms]))).toEqual([
    ...[9_000, null, 9_000],
  ]);
});

test('--watch prints one after the other, and exits by the last reading at Ctrl+C', async () => {
  for (const [maxAge, code] of [
    ['1h', 0],
    ['1ms', 1],
  ] as const) {
    const tables: string[] = [];
    const watch = startChild({
      command: process.execPath,
      args: [main, 'lag', '--watch', '--interval', '300ms', '--max-age', maxAge],
      cwd: folder,
      env: process.env,
      onOutput: (text) => tables.push(...(text.match(/^total .*$/gm) ?? [])),
    });
    await until('three tables', () => tables.length >= 3);
    watch.kill('SIGINT');
    expect(await watch.ended).toBe(code);
  }
});

// macOS' `script` wants a terminal itself; redraw.test.ts holds what is drawn everywhere.
test.runIf(process.platform === 'linux')(
  '--watch on a terminal writes each table over the one before, cut to its width',
  async () => {
    await beat();
    const command = `stty cols 50 rows 20; exec '${process.execPath}' '${main}' lag --watch --interval 300ms --max-age 1h`;
    const watch = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder });
    let output = '';
    watch.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => watch.on('close', resolve));
    await until('three tables', () => (output.match(/lag at/g) ?? []).length >= 3);
    watch.stdin.write('\u0003');
    expect(await ended).toBe(0);
    const screen = terminal(50, 20);
    screen.write(output);
    const lines = screen.text().split('\n');
    expect(lines.filter((line) => line.startsWith('lag at'))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('total'))).toHaveLength(1);
    expect(Math.max(...lines.map((line) => line.length))).toBe(49);
  },
);

test('an admin API that can not be reached is unknown: exit code 1; a mistake in the call is 2', async () => {
  expect(await banyan('lag', '--admin', 'http://127.0.0.1:9')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("can't reach the admin API"),
  });
  expect(await banyan('lag', '--max-age', 'soon')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('a length of time such as 250ms'),
  });
});
