import { expect, test } from 'vitest';
import { drained, numbers, scene } from './support.ts';

test('committed events reach the stream in order per key, and their rows say where', async () => {
  const it = await scene();
  await it.relay();
  await it.append(...numbers(30).map((n): [string, number] => [`k${n % 3}`, n]));
  await drained(it);
  expect(await it.published()).toEqual({
    'thing:k0': numbers(30).filter((n) => n % 3 === 0),
    'thing:k1': numbers(30).filter((n) => n % 3 === 1),
    'thing:k2': numbers(30).filter((n) => n % 3 === 2),
  });
  const [rows] = await it.database.query(
    `SELECT COUNT(*) AS count FROM banyan_outbox JOIN banyan_outbox_receipt r USING (id)
      WHERE state = 'settled' AND r.settled_at >= appended_at AND r.settled_epoch = 1
        AND r.shard_id LIKE 'shardId-%' AND r.sequence_number REGEXP '^[0-9]+$'`,
  );
  expect(rows).toEqual([{ count: 30 }]);
});
