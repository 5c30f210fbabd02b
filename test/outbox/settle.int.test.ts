import { afterAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { bindStream } from '../../outbox/bind-stream.ts';
import { takeLeases } from '../../outbox/lease.ts';
import { park } from '../../outbox/park.ts';
import { settle, type Settlement } from '../../outbox/settle.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());
const buckets = Array.from({ length: 64 }, (_, bucket) => bucket);
const times = { lease: 10_000, requestTimeout: 1_000, stream: 's' };

beforeEach(async () => {
  await database.query('DELETE FROM banyan_outbox');
  await database.query('DELETE FROM banyan_outbox_receipt');
  await database.query(`UPDATE banyan_outbox_lease SET owner = NULL, epoch = 4`);
  await bindStream(database, 's');
  await takeLeases(database, 'me', buckets, times);
});

async function rows(count: number): Promise<Settlement[]> {
  await append(
    (sql, values) => database.query(sql, values),
    Array.from({ length: count }, (_, n) => ({ type: 'T', aggregate: { type: 'thing', id: n }, data: n })),
  );
  const [found] = await database.query('SELECT id, bucket FROM banyan_outbox ORDER BY id');
  return (found as { id: number; bucket: number }[]).map((row) => ({
    ...row,
    epoch: 5,
    shardId: 'shardId-1',
    sequenceNumber: String(row.id),
  }));
}
const states = async () => {
  const [found] = await database.query('SELECT state FROM banyan_outbox ORDER BY id');
  return (found as { state: string }[]).map(({ state }) => state);
};

/** The receipts in id order, with the state of their rows. */
const receipts = async () => {
  const [found] = await database.query(
    `SELECT o.state, r.settled_epoch AS epoch, r.shard_id AS shard, r.sequence_number - o.id AS off,
            r.settled_at >= o.appended_at AS timely
       FROM banyan_outbox_receipt r LEFT JOIN banyan_outbox o ON o.id = r.id ORDER BY r.id`,
  );
  return found as { state: string; epoch: number; shard: string; off: number; timely: number }[];
};
const RECEIPT = { state: 'settled', epoch: 5, shard: 'shardId-1', off: 0, timely: 1 };

test('each row gets a receipt with its own shard, sequence number and the epoch', async () => {
  const all = await rows(200);
  expect((await settle(database, 'me', all.toReversed())).size).toBe(200);
  expect(await receipts()).toEqual(Array.from({ length: 200 }, () => RECEIPT));
});

test('a row that was never sent is settled without a sequence number', async () => {
  const [{ id, bucket, epoch }] = (await rows(1)) as [Settlement];
  await settle(database, 'me', [{ id, bucket, epoch }]);
  expect(await receipts()).toEqual([{ ...RECEIPT, shard: null, off: null }]);
});

test('a row and its receipt are written together, or neither is', async () => {
  const all = await rows(20);
  await database.query('RENAME TABLE banyan_outbox_receipt TO hidden');
  try {
    await expect(settle(database, 'me', all)).rejects.toThrow(/banyan_outbox_receipt/);
    expect(new Set(await states())).toEqual(new Set(['pending']));
  } finally {
    await database.query('RENAME TABLE hidden TO banyan_outbox_receipt');
  }
  expect((await settle(database, 'me', all)).size).toBe(20);
});

test('a row that was made pending again by hand gets the receipt of its last sending', async () => {
  const [one] = (await rows(1)) as [Settlement];
  await settle(database, 'me', [{ ...one, shardId: 'shardId-0', sequenceNumber: '1' }]);
  await database.query(
    'UPDATE banyan_outbox_receipt SET settled_epoch = 4, settled_at = settled_at - INTERVAL 1 HOUR',
  );
  await database.query("UPDATE banyan_outbox SET state = 'pending'");
  await settle(database, 'me', [one]);
  expect(await receipts()).toEqual([RECEIPT]);
});

test('a row whose bucket has another owner or epoch is left alone, the others are settled', async () => {
  const [one, two, three] = (await rows(3)) as [Settlement, Settlement, Settlement];
  await database.query(`UPDATE banyan_outbox_lease SET owner = 'other' WHERE bucket = ?`, [one.bucket]);
  await database.query(`UPDATE banyan_outbox_lease SET epoch = epoch + 1 WHERE bucket = ?`, [two.bucket]);
  expect(await settle(database, 'me', [one, two, three])).toEqual(new Set([three.id]));
  expect(await states()).toEqual(['pending', 'pending', 'settled']);
  expect(await receipts()).toEqual([RECEIPT]);
});

test('a row that its next owner has settled is not told as settled under the epoch before', async () => {
  const [one, two] = (await rows(2)) as [Settlement, Settlement];
  await database.query("UPDATE banyan_outbox_lease SET owner = 'other', epoch = 6 WHERE bucket = ?", [
    one.bucket,
  ]);
  expect((await settle(database, 'other', [{ ...one, epoch: 6 }])).size).toBe(1);
  expect(await settle(database, 'me', [one, two])).toEqual(new Set([two.id]));
});

test('a row is parked with its reason, cut to what fits, under the same condition', async () => {
  const [one, two] = (await rows(2)) as [Settlement, Settlement];
  await database.query(`UPDATE banyan_outbox_lease SET epoch = epoch + 1 WHERE bucket = ?`, [two.bucket]);
  expect(await park(database, 'me', one, '🙈'.repeat(600))).toBe(true);
  expect(await park(database, 'me', two, 'late')).toBe(false);
  const [found] = await database.query(
    'SELECT state, CHAR_LENGTH(parked_reason) AS length FROM banyan_outbox ORDER BY id',
  );
  expect(found).toEqual([
    { state: 'parked', length: 500 },
    { state: 'pending', length: null },
  ]);
});

test('settling and parking never wait for a writer that has not committed', async () => {
  const all = await rows(50);
  const writer = await database.getConnection();
  try {
    await writer.beginTransaction();
    await append((sql, values) => writer.query(sql, values), {
      type: 'T',
      aggregate: { type: 'thing', id: 'held open' },
      data: 1,
    });
    const [poison, ...rest] = all as [Settlement, ...Settlement[]];
    expect(await park(database, 'me', poison, 'poison')).toBe(true);
    expect((await settle(database, 'me', rest)).size).toBe(49);
  } finally {
    await writer.rollback();
    writer.release();
  }
});

test('settling or parking again, because an answer got lost, tells the same', async () => {
  const [one, two, three] = (await rows(3)) as [Settlement, Settlement, Settlement];
  await settle(database, 'me', [one]);
  expect(await settle(database, 'me', [one, two])).toEqual(new Set([one.id, two.id]));
  await park(database, 'me', three, 'poison');
  expect(await park(database, 'me', three, 'poison')).toBe(true);
});
