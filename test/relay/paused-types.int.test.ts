import { expect, test } from 'vitest';
import { z } from 'zod';
import { append } from '../../outbox/append.ts';
import { pauseType, readPauses } from '../../outbox/pause-type.ts';
import { defineRegistry } from '../../outbox/registry/define-registry.ts';
import { resumeType } from '../../outbox/resume-type.ts';
import { park } from '../../outbox/park.ts';
import { until } from '../support/until.ts';
import { drained, event, scene, type Scene } from './support.ts';

const registry = defineRegistry({
  events: {
    Good: { aggregate: 'thing', versions: { 1: { schema: z.object({ n: z.number() }) } } },
    Bad: { aggregate: 'thing', versions: { 1: { schema: z.object({ n: z.number().max(99) }) } } },
  },
});
const pauseAfter = { failures: 5, within: 60_000 };

/** Rows by state and kind of parking. */
async function kinds(it: Scene): Promise<Record<string, number>> {
  const [rows] = await it.database.query(
    "SELECT CONCAT(state, IFNULL(CONCAT(' ', parked_kind), '')) AS kind, COUNT(*) AS n FROM banyan_outbox GROUP BY kind",
  );
  return Object.fromEntries((rows as { kind: string; n: number }[]).map(({ kind, n }) => [kind, n]));
}

test('many failures of a type pause it: the others go on, and once it is resumed all is in order', async () => {
  const it = await scene();
  // 40 keys, of which each begins with a wrong event and goes on with good ones; and keys of another type.
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  await append(
    (sql, values) => it.database.query(sql, values),
    [
      ...keys.flatMap((key) => [event(key, 100, 'Bad'), event(key, 1, 'Bad'), event(key, 2, 'Good')]),
      event('other', 1, 'Good'),
      event('other', 2, 'Good'),
    ],
  );
  const relay = await it.relay({ registry, pauseAfter });
  await until('it is paused and the rest is parked', async () => {
    const { pending, ...rest } = await kinds(it);
    return pending === 80 && rest['settled'] === 2;
  });
  const parked = await kinds(it);
  // A key at a time in each bucket is looked at; what was looked at before the pause is poison.
  expect(parked['parked poison']).toBe(5);
  expect(parked['parked paused']).toBe(35);
  const [pause] = await readPauses(it.database);
  expect(pause).toMatchObject({ type: 'Bad', paused_by: 'relay' });
  expect(pause!.reason).toMatch(/5 events of it failed within 60 s; the last one: .*data\.n/);
  expect(it.logged.filter((line) => line.includes("type 'Bad' is paused by this relay"))).toHaveLength(1);
  expect(await it.published()).toEqual({ 'thing:other': [1, 2] });

  // The registry was wrong: with the right one the type goes on.
  await relay.stop();
  await it.relay({ pauseAfter });
  expect(await resumeType(it.database, 'Bad', 'ann')).toEqual({ paused: true, resumed: 35 });
  await until('what waited is sent', async () => (await kinds(it))['settled'] === 2 + 35 * 3);
  const published = await it.published();
  expect(Object.keys(published)).toHaveLength(36);
  for (const [key, of] of Object.entries(published))
    expect(of).toEqual(key === 'thing:other' ? [1, 2] : [100, 1, 2]);
});

test('relays count together what they have parked; what was parked before the type was resumed counts no more', async () => {
  const it = await scene();
  const failing = async (from: number, count: number) => {
    const events = Array.from({ length: count }, (_, index) => event(`k${from + index}`, 100, 'Bad'));
    await append((sql, values) => it.database.query(sql, values), events);
  };
  const poison = async (count: number) =>
    until(`${count} are parked`, async () => (await kinds(it))['parked poison'] === count);
  // A relay and its successors, which remember nothing of each other.
  await failing(0, 2);
  const first = await it.relay({ registry, pauseAfter, name: 'first' });
  await poison(2);
  await first.stop();
  await failing(10, 2);
  const second = await it.relay({ registry, pauseAfter, name: 'second' });
  await poison(4);
  expect(await readPauses(it.database)).toEqual([]);
  await failing(20, 3);
  await until('it is paused', async () => (await readPauses(it.database)).length === 1);
  expect((await readPauses(it.database))[0]).toMatchObject({
    paused_by: 'second',
    reason: expect.stringMatching(/^5 events of it failed within 60 s/),
  });
  await until('the rest waits', async () => (await kinds(it))['parked paused'] === 2);

  await second.stop();
  await it.database.query("DELETE FROM banyan_outbox WHERE parked_kind = 'paused'");
  await resumeType(it.database, 'Bad', 'ann');
  await failing(30, 4);
  await it.relay({ registry, pauseAfter, name: 'third' });
  await poison(5 + 4);
  expect(await readPauses(it.database)).toEqual([]);
});

test('a type that is paused by hand waits with one row of each key, and other types of the key behind it', async () => {
  const it = await scene();
  expect(await pauseType(it.database, 'Held', 'by hand', 'ann')).toBe(true);
  expect(await pauseType(it.database, 'Held', 'again', 'bob')).toBe(false);
  const relay = await it.relay();
  await until('the relay has seen it', () => it.logged.some((line) => line.includes("'Held' is paused")));
  await it.append(
    ['a', 1, 'Other'],
    ['a', 2, 'Held'],
    ['a', 3, 'Other'],
    ['a', 4, 'Held'],
    ['b', 1, 'Other'],
  );
  await until(
    'it waits',
    async () => (await kinds(it))['settled'] === 2 && (await kinds(it))['parked paused'] === 1,
  );
  expect(await kinds(it)).toEqual({ settled: 2, 'parked paused': 1, pending: 2 });
  expect(await resumeType(it.database, 'Held', 'ann')).toEqual({ paused: true, resumed: 1 });
  await drained(it);
  await relay.stop();
  expect(await it.published()).toEqual({ 'thing:a': [1, 2, 3, 4], 'thing:b': [1] });
  expect(await resumeType(it.database, 'Held', 'ann')).toEqual({ paused: false, resumed: 0 });
});

test('an event is not parked as paused once its type has been resumed: nobody would look for it', async () => {
  const it = await scene();
  await it.append(['a', 1, 'Held']);
  await it.database.query(
    "UPDATE banyan_outbox_lease SET owner = 'r', epoch = 1, expires_at = CURRENT_TIMESTAMP(6) + INTERVAL 1 HOUR",
  );
  const [[row]] = (await it.database.query('SELECT id, bucket FROM banyan_outbox')) as unknown as [
    [{ id: number; bucket: number }],
  ];
  await pauseType(it.database, 'Held', 'by hand', 'ann');
  await resumeType(it.database, 'Held', 'ann');
  expect(await park(it.database, 'r', { ...row, epoch: 1 }, 'paused', 'paused')).toBe(false);
  await pauseType(it.database, 'Held', 'by hand', 'ann');
  expect(await park(it.database, 'r', { ...row, epoch: 1 }, 'paused', 'paused')).toBe(true);
  expect(await kinds(it)).toEqual({ 'parked paused': 1 });
});
