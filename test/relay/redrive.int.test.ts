import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { findParked, redrive } from '../../outbox/operator/index.ts';
import { CLI } from '../cli/support/banyan.ts';
import { until } from '../support/until.ts';
import { drained, event, numbers, scene, type Scene } from './support.ts';

const ann = { actor: 'ann' };

/** Keys of which the first `parked` events are parked and others wait behind them. */
async function held(it: Scene, keys: readonly string[], parked: number, waiting: number): Promise<void> {
  await append(
    (sql, values) => it.database.query(sql, values),
    keys.flatMap((id) => numbers(parked + waiting).map((n) => event(id, n, n <= parked ? 'Poison' : 'T'))),
  );
  await it.database.query(
    "UPDATE banyan_outbox SET state = 'parked', parked_reason = 'why' WHERE type = 'Poison'",
  );
}

test('what is redriven while relays run reaches the stream in order, before all that waited behind it', async () => {
  const it = await scene();
  const keys = numbers(20).map((n) => `k${n}`);
  await held(it, keys, 10, 10);
  await it.append(['free', 1]);
  await Promise.all([it.relay({ name: 'first' }), it.relay({ name: 'second' })]);
  await until('the relays run', async () => (await it.states()).settled === 1);
  expect(await it.states()).toEqual({ pending: 200, settled: 1, parked: 200 });
  // Small batches, so that each key is pending in part while the relays look at it.
  const parked = await findParked(it.database, {}, 1_000);
  expect(await redrive(it.database, parked, ann, { batch: 7 })).toBe(200);
  await drained(it);
  expect(await it.published()).toEqual(
    Object.fromEntries([...keys.map((id) => [`thing:${id}`, numbers(20)]), ['thing:free', [1]]]),
  );
});

test('a redrive that is killed in its middle is completed by the same command, each event in order and audited once', async () => {
  const it = await scene();
  const folder = mkdtempSync(join(tmpdir(), 'banyan-redrive-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 } }\noutbox: { database: '${it.url}' }\n`,
  );
  const keys = numbers(80).map((n) => `k${n}`);
  await held(it, keys, 10, 2);
  await it.relay();
  const command = () =>
    spawn(process.execPath, [CLI, 'parked', 'redrive', '--all', '--yes'], { cwd: folder, stdio: 'ignore' });
  const killed = command();
  await until('it has begun', async () => (await it.states()).parked < 800, 30_000, 1);
  killed.kill('SIGKILL');
  await new Promise((resolve) => killed.once('close', resolve));
  const left = (await it.states()).parked;
  expect(left).toBeGreaterThan(0);
  const again = command();
  expect(await new Promise((resolve) => again.once('close', resolve))).toBe(0);
  await drained(it);
  expect(await it.published()).toEqual(Object.fromEntries(keys.map((id) => [`thing:${id}`, numbers(12)])));
  const [audited] = await it.database.query(
    "SELECT COUNT(*) AS n, COUNT(DISTINCT outbox_id) AS events FROM banyan_outbox_audit WHERE action = 'redriven'",
  );
  expect(audited).toEqual([{ n: 800, events: 800 }]);
});
