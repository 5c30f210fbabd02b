import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import type { Translate } from '../../outbox/row-change.ts';
import { until } from '../support/until.ts';
import { drained, event, scene, type Scene } from './support.ts';

/** The statements of docs/relay.md, as an operator copies them. */
const page = await readFile(new URL('../../docs/relay.md', import.meta.url), 'utf8');
const statements = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql!.trim());
const statement = (beginning: string, id: number) =>
  statements.find((sql) => sql.startsWith(beginning))!.replace('id = 3', `id = ${id}`);

const change = { type: 'row.catalogue.update', aggregate: { type: 'thing', id: 'a' } };
const translate: Translate = ({ after }) => {
  if (after?.['n'] === null) throw new Error('no n');
  return { type: 'Changed', data: { n: after?.['n'] } };
};

/** A key whose first event is parked, with two waiting behind it; the relay runs. Returns the parked row's id. */
async function parked(it: Scene): Promise<number> {
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
  const [[row]] = (await it.database.query(statement('SELECT id, partition_key', 0))) as unknown as [
    [{ id: number; partition_key: string; parked_reason: string }],
  ];
  expect(row).toMatchObject({
    partition_key: 'thing:a',
    parked_reason: "the translation of capture 'catalogue' failed: no n",
  });
  const [waiting] = await it.database.query(statement('SELECT partition_key, COUNT', 0));
  expect(waiting).toEqual([{ partition_key: 'thing:a', waiting: 2 }]);
  return row.id;
}

test('a parked event that is sent again while a relay runs reaches the stream before what waited behind it', async () => {
  const it = await scene();
  const id = await parked(it);
  const again = statement(`UPDATE banyan_outbox SET state = 'pending'`, id);
  await it.database.query(again);
  await until(
    'it is parked again, the cause being there still',
    async () => (await it.states()).parked === 1,
  );
  // The cause is removed, here in the event.
  await it.database.query(
    `UPDATE banyan_outbox SET data = REPLACE(data, '"after":{"n":null}', '"after":{"n":1}') WHERE id = ?`,
    [id],
  );
  await it.database.query(again);
  await drained(it);
  expect(await it.states()).toEqual({ pending: 0, settled: 4, parked: 0 });
  expect(await it.published()).toEqual({ 'thing:a': [1, 2, 3], 'thing:b': [1] });
});

test('a parked event that is given up never reaches the stream, and its key goes on', async () => {
  const it = await scene();
  const id = await parked(it);
  await it.database.query(statement(`UPDATE banyan_outbox SET state = 'settled'`, id));
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
  await operator.query(statement('SET SESSION TRANSACTION', 0));
  await operator.query(statement('DELETE o', 0));
  operator.destroy();
  await writer.commit();
  writer.release();
  const [left] = await it.database.query('SELECT aggregate_id AS id FROM banyan_outbox ORDER BY id');
  expect((left as { id: string }[]).map(({ id }) => id)).toEqual(['open', 'parked', 'young']);
});
