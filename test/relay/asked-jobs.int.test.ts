import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild } from '../../demo/servers/child.ts';
import { startRedis } from '../../demo/servers/redis.ts';
import { append } from '../../outbox/append.ts';
import { askForRedrive, readRedrives, type Redrive } from '../../outbox/operator/index.ts';
import { askForReplay, readReplays } from '../../outbox/replay/replays.ts';
import { until } from '../support/until.ts';
import type { RelayProcess } from './relay-process.ts';
import { drained, event, numbers, scene, type Scene } from './support.ts';

/** Appends the numbers to each key, and parks those up to `parked`. */
async function held(it: Scene, keys: readonly string[], parked: number, waiting: number): Promise<void> {
  await append(
    (sql, values) => it.database.query(sql, values),
    keys.flatMap((id) => numbers(parked + waiting).map((n) => event(id, n, n <= parked ? 'Poison' : 'T'))),
  );
  await it.database.query(
    "UPDATE banyan_outbox SET state = 'parked', parked_at = NOW(6), parked_reason = 'why' WHERE type = 'Poison'",
  );
}
const ask = (it: Scene, total: number) =>
  askForRedrive(it.database, { redrive: 'r', what: { type: 'Poison' }, total }, { actor: 'ann' });
const read = async (it: Scene): Promise<Redrive> => (await readRedrives(it.database))[0]!;

test('a redrive and a replay whose relay is killed in their middle go on where they were, each event in order and once', async () => {
  const it = await scene();
  const keys = numbers(30).map((n) => `k${n}`);
  await held(it, keys, 20, 2);
  await ask(it, 600);
  await append(
    (sql, values) => it.database.query(sql, values),
    numbers(60).map((n) => event('old', n, 'Old')),
  );
  await it.database.query(
    "UPDATE banyan_outbox SET state = 'settled', settled_at = NOW(6), sequence_number = '1' WHERE type = 'Old'",
  );
  const what = { types: ['Old'], from: 0, to: Date.now() + 60_000, rate: 1 };
  await askForReplay(it.database, { replay: 'again', what, askedBy: 'ann', total: 60 });
  const replay = async () => (await readReplays(it.database))[0]!;
  // Holds the run up in its last page.
  const writer = await it.database.getConnection();
  await writer.beginTransaction();
  await writer.query(
    "SELECT id FROM banyan_outbox WHERE state = 'parked' ORDER BY bucket DESC, id DESC LIMIT 1 FOR UPDATE",
  );
  const start = (name: string) => {
    const options: RelayProcess = {
      ...{ database: it.url, stream: it.stream, endpoint: it.proxy.url, name },
      ...{ lease: 1_500, requestTimeout: 500, redis: inject('redis') },
    };
    const child = startChild({
      command: process.execPath,
      args: [fileURLToPath(new URL('./relay-process.ts', import.meta.url)), JSON.stringify(options)],
    });
    onTestFinished(() => child.stop());
    return child;
  };
  const killed = start('killed');
  await until(
    'both are in their middle',
    async () => (await read(it)).done === 500 && (await replay()).done > 0,
  );
  killed.kill('SIGKILL');
  await killed.ended;
  await writer.rollback();
  writer.release();
  expect(await read(it)).toMatchObject({ state: 'active', done: 500 });
  expect((await replay()).done).toBeLessThan(60);
  await it.database.query(
    'UPDATE banyan_outbox_replay SET what = REPLACE(what, \'"rate":1\', \'"rate":1000\')',
  );
  start('heir');
  await until('it is over', async () => (await read(it)).state === 'completed');
  await until('the replay is over', async () => (await replay()).state === 'completed');
  expect(await replay()).toMatchObject({ done: 60, total: 60 });
  expect(await read(it)).toMatchObject({ done: 600, held: 0, total: 600 });
  await drained(it);
  const published = await it.published();
  // What the killed relay had sent and not settled comes twice; first deliveries are in order.
  for (const id of keys) expect([...new Set(published[`thing:${id}`])]).toEqual(numbers(22));
  expect([...new Set(published['thing:old'])]).toEqual(numbers(60));
  const [appended] = await it.database.query(
    "SELECT COUNT(*) AS n FROM banyan_outbox WHERE replay = 'again'",
  );
  expect(appended).toEqual([{ n: 60 }]);
  const [audited] = await it.database.query(
    "SELECT COUNT(*) AS n, COUNT(DISTINCT outbox_id) AS events FROM banyan_outbox_audit WHERE action = 'redriven' AND actor = 'ann'",
  );
  expect(audited).toEqual([{ n: 600, events: 600 }]);
}, 120_000);

test('while Redis is away a redrive waits and live events do not; then it is carried out', async () => {
  const it = await scene();
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  redis.kill('SIGKILL');
  await held(it, ['k'], 5, 2);
  await ask(it, 5);
  await it.relay({ redis: redis.url });
  await it.append(['live', 1]);
  await until('the live event is sent', async () => (await it.states()).settled === 1);
  expect(await read(it)).toMatchObject({ state: 'waiting', done: 0 });
  await redis.restart();
  await until('it is over', async () => (await read(it)).state === 'completed');
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': numbers(7), 'thing:live': [1] });
});
