import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { readOverlaps } from '../../outbox/record-overlap.ts';
import { until } from '../support/until.ts';
import { drained, event, scene } from './support.ts';

test('an event that becomes visible after a later one of its key was sent is counted, logged and listed', async () => {
  const it = await scene();
  const relay = await it.relay();
  const slow = await it.database.getConnection();
  await slow.beginTransaction();
  await append((sql, values) => slow.query(sql, values), [event('a', 1, 'LineAdded'), event('b', 1)]);
  await it.append(['a', 2], ['c', 1]);
  await drained(it);
  await until('the later one is settled', async () => (await it.states()).settled === 2);
  await slow.commit();
  slow.release();
  await until('it is written down', async () => (await readOverlaps(it.database, 10)).length > 0);
  const [overlap] = await readOverlaps(it.database, 10);
  expect(overlap).toMatchObject({ key: 'thing:a', type: 'LineAdded', times: 1 });
  expect(Number(overlap!.earlier)).toBeLessThan(Number(overlap!.later));
  await drained(it);
  // In order is what comes after, and key b never had another.
  await it.append(['a', 3], ['b', 2]);
  await drained(it);
  await relay.stop();
  expect(await readOverlaps(it.database, 10)).toHaveLength(1);
  expect(await it.published()).toMatchObject({ 'thing:a': [2, 1, 3], 'thing:b': [1, 2] });
  expect(it.logged.filter((line) => line.includes('overlapping transactions'))).toHaveLength(1);
});
