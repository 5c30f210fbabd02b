import { afterAll, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { purgePage } from '../../outbox/purge.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());

test('what was settled before the retention goes in pages; pending, parked and young rows stay', async () => {
  await append(
    (sql, values) => database.query(sql, values),
    Array.from({ length: 12 }, (_, n) => ({ type: 'T', aggregate: { type: 'thing', id: 'a' }, data: n })),
  );
  const [[first]] = (await database.query(
    'SELECT MIN(id) AS id, MIN(bucket) AS bucket FROM banyan_outbox',
  )) as unknown as [[{ id: number; bucket: number }]];
  const set = (state: string, hours: number, offset: number, count: number) =>
    database.query(
      `UPDATE banyan_outbox SET state = ?, settled_at = CURRENT_TIMESTAMP(6) - INTERVAL ? HOUR
        WHERE id >= ? ORDER BY id LIMIT ?`,
      [state, hours, first.id + offset, count],
    );
  await set('settled', 5, 0, 7);
  await set('parked', 5, 7, 1);
  await set('pending', 5, 8, 1);
  await set('settled', 1, 9, 3);
  // A writer that hasn't committed: purging doesn't wait for its row.
  const writer = await database.getConnection();
  await writer.beginTransaction();
  await append((sql, values) => writer.query(sql, values), {
    type: 'T',
    aggregate: { type: 'thing', id: 'a' },
    data: 'open',
  });
  const page = { bucket: first.bucket, retention: 2 * 3_600_000, size: 5 };

  const one = await purgePage(database, { ...page, after: 0 });
  expect(one).toEqual({ deleted: 5, next: first.id + 4 });
  const two = await purgePage(database, { ...page, after: one.next! });
  expect(two.deleted).toBe(2);
  expect(await purgePage(database, { ...page, after: 0 })).toEqual({ deleted: 0, next: undefined });
  await writer.rollback();
  writer.release();
  const [left] = await database.query(
    'SELECT state, COUNT(*) AS count FROM banyan_outbox GROUP BY state ORDER BY state',
  );
  expect(left).toEqual([
    { state: 'pending', count: 1 },
    { state: 'settled', count: 3 },
    { state: 'parked', count: 1 },
  ]);
});
