import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { findParked, redrive } from '../../outbox/operator/index.ts';
import { until } from '../support/until.ts';
import { event, numbers, scene } from './support.ts';

test('poison of a type whose policy is to skip lets its key go on in order, that of others holds its own', async () => {
  const it = await scene();
  const keys = numbers(8).map((n) => `k${n}`);
  // Every third event of a key is poison, two in a row among them.
  await append(
    (sql, values) => it.database.query(sql, values),
    keys.flatMap((id) =>
      numbers(12).map((n) => event(id, n, n % 3 === 0 || n === 10 ? 'View' : 'ThingHappened')),
    ),
  );
  await it.append(['held', 1, 'Order'], ['held', 2]);
  await it.database.query("UPDATE banyan_outbox SET source = '' WHERE type IN ('View', 'Order')");
  const onPoison = ({ type }: { type: string }) => (type === 'View' ? 'skip' : 'wait');
  // So many failures would pause the types otherwise.
  const options = { onPoison, pauseAfter: { failures: 1_000, within: 60_000 } };
  await Promise.all(['first', 'second'].map((name) => it.relay({ ...options, name })));
  await until('only what waits is pending', async () => (await it.states()).pending === 1);
  const sent = [1, 2, 4, 5, 7, 8, 11];
  expect(await it.published()).toEqual(Object.fromEntries(keys.map((id) => [`thing:${id}`, sent])));
  const aside = await findParked(it.database, {}, 100);
  expect(aside.filter(({ state }) => state === 'skipped')).toHaveLength(40);
  expect(aside.filter(({ state }) => state === 'parked').map(({ key }) => key)).toEqual(['thing:held']);
  expect(it.logged.filter((line) => line.includes('skipped: source must not be empty'))).toHaveLength(40);

  // Sent again by its id it comes late, once.
  const [late] = aside;
  await it.database.query("UPDATE banyan_outbox SET source = '/m' WHERE id = ?", [late!.id]);
  await redrive(it.database, [late!], { actor: 'ann' });
  await until('it is sent', async () => (await it.published())['thing:k1']!.length === 8);
  expect((await it.published())['thing:k1']).toEqual([...sent, 3]);
});

test('nobody is asked: without a policy every key waits for its poison', async () => {
  const it = await scene();
  await it.append(['a', 1, 'View'], ['a', 2]);
  await it.database.query("UPDATE banyan_outbox SET source = '' WHERE type = 'View'");
  await it.relay();
  await until('it is parked', async () => (await it.states()).parked === 1);
  await it.append(['b', 1]);
  await until('another key is through', async () => (await it.states()).settled === 1);
  expect(await it.states()).toEqual({ pending: 1, settled: 1, parked: 1 });
});
