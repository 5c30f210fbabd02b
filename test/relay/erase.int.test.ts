import { expect, test } from 'vitest';
import { countEvents, eraseEvents } from '../../outbox/operator/index.ts';
import { until } from '../support/until.ts';
import { drained, scene } from './support.ts';

test('erased events never reach the stream although relays run, and the key goes on with what comes after', async () => {
  const it = await scene();
  await it.append(['a', 1, 'Poison'], ['a', 2], ['a', 3], ['b', 1]);
  await it.database.query("UPDATE banyan_outbox SET source = '' WHERE type = 'Poison'");
  await it.relay();
  await until('its first event is parked', async () => {
    const { parked, settled } = await it.states();
    return parked === 1 && settled === 1;
  });
  const key = 'thing:a';
  const { bucket } = await countEvents(it.database, key);
  const erased = await eraseEvents(it.database, { key, bucket, pending: true }, { actor: 'ann' });
  expect(erased).toEqual({ kind: 'erased', events: 3 });
  await it.append(['a', 4]);
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:a': [4], 'thing:b': [1] });
});
