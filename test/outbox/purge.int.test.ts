import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { readPurgeOverdue } from '../../outbox/purge-overdue.ts';
import { purgePage } from '../../outbox/purge.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const url = await freshDatabase('outbox');
const database = openDatabase(url);
afterAll(() => database.end());
/** Whether what was settled has receipts, as a relay writes them; if not, the rows say it themselves, as before there were any. */
let receipts = false;
beforeEach(async () => {
  await database.query('DELETE FROM banyan_outbox');
  await database.query('DELETE FROM banyan_outbox_receipt');
});
const hour = 3_600_000;

/** Appends that many events of one key, so many hours ago. Returns the first id and the bucket. */
async function appended(count: number, hours = 0): Promise<{ first: number; bucket: number }> {
  await append(
    (sql, values) => database.query(sql, values),
    Array.from({ length: count }, (_, n) => ({ type: 'T', aggregate: { type: 'thing', id: 'a' }, data: n })),
  );
  await database.query(
    'UPDATE banyan_outbox SET server_clock = NULL, appended_at = CURRENT_TIMESTAMP(6) - INTERVAL ? HOUR ORDER BY id DESC LIMIT ?',
    [hours, count],
  );
  const [rows] = await database.query(
    'SELECT id, bucket FROM (SELECT id, bucket FROM banyan_outbox ORDER BY id DESC LIMIT ?) last ORDER BY id LIMIT 1',
    [count],
  );
  const [{ id, bucket }] = rows as [{ id: number; bucket: number }];
  return { first: id, bucket };
}
const set = async (state: string, hours: number, from: number, count: number) => {
  await database.query(
    `UPDATE banyan_outbox SET state = ?, settled_at = CURRENT_TIMESTAMP(6) - INTERVAL ? HOUR
      WHERE id >= ? ORDER BY id LIMIT ?`,
    [state, hours, from, count],
  );
  if (!receipts) return;
  await database.query(
    `INSERT INTO banyan_outbox_receipt (id, settled_at, settled_epoch, shard_id, sequence_number)
     SELECT id, settled_at, 1, 's', '1' FROM banyan_outbox WHERE id >= ? AND state = 'settled' ORDER BY id LIMIT ?
         ON DUPLICATE KEY UPDATE settled_at = VALUES(settled_at)`,
    [from, count],
  );
  await database.query('UPDATE banyan_outbox SET settled_at = NULL WHERE id >= ? ORDER BY id LIMIT ?', [
    from,
    count,
  ]);
};
const left = async () => {
  const [rows] = await database.query('SELECT COUNT(*) AS count FROM banyan_outbox');
  return (rows as { count: number }[])[0]!.count;
};

describe.each([
  ['by their receipts', true],
  ['by their own columns', false],
])('rows are told %s', (_name, given) => {
  beforeEach(() => void (receipts = given));

  test('what was settled before the retention goes in pages; pending, parked and young rows stay', async () => {
    const { first, bucket } = await appended(12, 6);
    await set('settled', 5, first, 7);
    await set('parked', 5, first + 7, 1);
    await set('pending', 5, first + 8, 1);
    await set('settled', 1, first + 9, 3);
    // A writer that hasn't committed: purging doesn't wait for its row.
    const writer = await database.getConnection();
    await writer.beginTransaction();
    await append((sql, values) => writer.query(sql, values), {
      type: 'T',
      aggregate: { type: 'thing', id: 'a' },
      data: 'open',
    });
    const page = { bucket, retention: 2 * hour, size: 5 };

    const one = await purgePage(database, { ...page, after: 0 });
    expect(one).toEqual({ deleted: 5, next: first + 4 });
    const two = await purgePage(database, { ...page, after: one.next! });
    expect(two.deleted).toBe(2);
    expect(await purgePage(database, { ...page, after: 0 })).toEqual({ deleted: 0, next: undefined });
    await writer.rollback();
    writer.release();
    const [states] = await database.query(
      'SELECT state, COUNT(*) AS count FROM banyan_outbox GROUP BY state ORDER BY state',
    );
    expect(states).toEqual([
      { state: 'pending', count: 1 },
      { state: 'settled', count: 3 },
      { state: 'parked', count: 1 },
    ]);
    const [kept] = await database.query(
      "SELECT COUNT(*) AS count FROM banyan_outbox_receipt r JOIN banyan_outbox o ON o.id = r.id WHERE state = 'settled'",
    );
    const [all] = await database.query('SELECT COUNT(*) AS count FROM banyan_outbox_receipt');
    expect([kept, all]).toEqual(Array.from({ length: 2 }, () => [{ count: receipts ? 3 : 0 }]));
  });

  test('rows that were settled late hold back nobody behind them', async () => {
    const { first, bucket } = await appended(14, 6);
    await set('settled', 1, first, 10);
    await set('settled', 5, first + 10, 4);
    const page = { bucket, retention: 2 * hour, size: 5 };
    const one = await purgePage(database, { ...page, after: 0 });
    expect(one).toEqual({ deleted: 0, next: first + 4 });
    const two = await purgePage(database, { ...page, after: one.next! });
    expect(two).toEqual({ deleted: 0, next: first + 9 });
    expect(await purgePage(database, { ...page, after: two.next! })).toEqual({ deleted: 4, next: undefined });
    expect(await left()).toBe(10);
  });

  test('a young history is not looked through: nothing behind a row appended within the retention is due', async () => {
    const { first, bucket } = await appended(20, 1);
    await set('settled', 0, first, 20);
    const page = { bucket, retention: 2 * hour, size: 5, after: 0 };
    expect(await purgePage(database, page)).toEqual({ deleted: 0, next: undefined });
  });

  test('how far purging is behind is read from one row a bucket, however many there are', async () => {
    expect(await readPurgeOverdue(database, hour)).toBe(0);
    const { first } = await appended(2_000, 6);
    await set('settled', 5, first, 2_000);
    expect(await readPurgeOverdue(database, 6 * hour)).toBe(0);
    const overdue = await readPurgeOverdue(database, 2 * hour);
    expect(overdue).toBeGreaterThanOrEqual(3 * hour);
    expect(overdue).toBeLessThan(3 * hour + 60_000);
    const single = openDatabase(url, { connections: 1 });
    const reads = async () => {
      const [rows] = await single.query(`SHOW SESSION STATUS LIKE 'Handler_read%'`);
      return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    const before = await reads();
    await readPurgeOverdue(single, hour);
    expect((await reads()) - before).toBeLessThan(300);
    await single.end();
  });
});

test('what was skipped by policy stays for 30 days, and is no reason to say that purging is overdue', async () => {
  receipts = false;
  const { first, bucket } = await appended(3, 40 * 24);
  await set('settled', 29 * 24, first, 1);
  await set('settled', 31 * 24, first + 1, 2);
  await database.query("UPDATE banyan_outbox SET outcome = 'skipped' WHERE id <> ?", [first + 2]);
  const page = { bucket, retention: 2 * hour, size: 5, after: 0 };
  expect(await readPurgeOverdue(database, 30 * 24 * hour)).toBeGreaterThan(23 * hour);
  expect(await purgePage(database, page)).toMatchObject({ deleted: 2 });
  expect([await left(), await readPurgeOverdue(database, 2 * hour)]).toEqual([1, 0]);
  // Whoever keeps all rows for longer keeps these for longer, too.
  await set('settled', 35 * 24, first, 1);
  expect(await purgePage(database, { ...page, retention: 36 * 24 * hour })).toMatchObject({ deleted: 0 });
});
