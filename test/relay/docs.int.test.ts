import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { countWaiting, discard, findParked, redrive, type ParkedEvent } from '../../outbox/operator/index.ts';
import type { Translate } from '../../outbox/row-change.ts';
import { until } from '../support/until.ts';
import { drained, event, scene, type Scene } from './support.ts';

/** The statements of docs/relay.md, as an operator copies them. */
const page = await readFile(new URL('../../docs/relay.md', import.meta.url), 'utf8');
const statements = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql!.trim());
const statement = (beginning: string) => statements.find((sql) => sql.startsWith(beginning))!;

const change = { type: 'row.catalogue.update', aggregate: { type: 'thing', id: 'a' } };
const translate: Translate = ({ after }) => {
  if (after?.['n'] === null) throw new Error('no n');
  return { type: 'Changed', data: { n: after?.['n'] } };
};

/** A key whose first event is parked, with two waiting behind it; the relay runs. Returns the parked event. */
async function parked(it: Scene): Promise<ParkedEvent> {
  await append((sql, values) => it.database.query(sql, values), {
    ...change,
    data: { op: 'update', table: 't', before: null, after: { n: null } },
  });
  await it.append(['a', 2], ['a', 3], ['b', 1]);
  await it.relay({ translate: () => translate });
  await until('the other key is through', async () => {
    const { settled, parked: count } = await it.states();
    return settled === 1 && count === 1;
  });
  const [event] = (await findParked(it.database, {}, 10)) as [ParkedEvent];
  expect(event).toMatchObject({
    key: 'thing:a',
    reason: "the translation of capture 'catalogue' failed: no n",
  });
  expect((await countWaiting(it.database, [event])).get('thing:a')).toMatchObject({ events: 2 });
  return event;
}

test('a parked event that is sent again while a relay runs reaches the stream before what waited behind it', async () => {
  const it = await scene();
  const found = await parked(it);
  const again = () => redrive(it.database, [found], { actor: 'ann' });
  expect(await again()).toBe(1);
  await until(
    'it is parked again, the cause being there still',
    async () => (await it.states()).parked === 1,
  );
  // The cause is removed, here in the event.
  await it.database.query(
    `UPDATE banyan_outbox SET data = REPLACE(data, '"after":{"n":null}', '"after":{"n":1}') WHERE id = ?`,
    [found.id],
  );
  expect(await again()).toBe(1);
  await drained(it);
  expect(await it.states()).toEqual({ pending: 0, settled: 4, parked: 0 });
  expect(await it.published()).toEqual({ 'thing:a': [1, 2, 3], 'thing:b': [1] });
});

test('a parked event that is given up never reaches the stream, and its key goes on', async () => {
  const it = await scene();
  expect(await discard(it.database, [await parked(it)], { actor: 'ann' })).toBe(1);
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:a': [2, 3], 'thing:b': [1] });
});

test('deleting by hand takes what is due alone, and waits for no writer that has not committed', async () => {
  const it = await scene();
  await it.append(['old', 1], ['old', 2], ['young', 1], ['parked', 1]);
  const age = (id: string, state: string, days: number) =>
    it.database.query(
      `UPDATE banyan_outbox SET state = ?, settled_at = CURRENT_TIMESTAMP(6) - INTERVAL ? DAY WHERE aggregate_id = ?`,
      [state, days, id],
    );
  await age('old', 'settled', 8);
  await age('young', 'settled', 6);
  await age('parked', 'parked', 8);
  const writer = await it.database.getConnection();
  await writer.beginTransaction();
  await append((sql, values) => writer.query(sql, values), event('open', 1));
  const operator = await it.database.getConnection();
  await operator.query('SET SESSION innodb_lock_wait_timeout = 1');
  await operator.query(statement('SET SESSION TRANSACTION'));
  await operator.query(statement('DELETE o, r'));
  operator.destroy();
  await writer.commit();
  writer.release();
  const [left] = await it.database.query('SELECT aggregate_id AS id FROM banyan_outbox ORDER BY id');
  expect((left as { id: string }[]).map(({ id }) => id)).toEqual(['open', 'parked', 'young']);
});
