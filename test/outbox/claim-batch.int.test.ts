import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { claimBatch } from '../../outbox/claim-batch.ts';
import type { PendingRow } from '../../outbox/find-pending.ts';
import { openDatabase, type Connection, type Database } from '../../runtime/database.ts';
import { collect } from '../support/collect.ts';
import { freshDatabase } from '../support/database.ts';

async function outbox(): Promise<Database> {
  return connect(await freshDatabase('outbox'));
}
function connect(url: string, connections = 3): Database {
  const database = openDatabase(url, { connections });
  onTestFinished(() => database.end());
  return database;
}
const add = (on: Database | Connection, ...ids: string[]) =>
  append(
    (sql, values) => on.query(sql, values),
    ids.map((id, n) => ({ type: 'T', aggregate: { type: 'thing', id }, data: { n } })),
  );
const buckets = Array.from({ length: 64 }, (_, bucket) => bucket);
const whole = buckets.map((bucket) => ({ buckets: [bucket], without: [], limit: 100 }));
const claim = async (database: Database, { without = [] as string[], limit = 100 } = {}) =>
  (
    await collect(
      claimBatch(
        database,
        buckets.map((bucket) => ({ buckets: [bucket], without, limit })),
      ),
    )
  ).map(({ aggregate_id: id, data }) => `${id}.${(JSON.parse(data) as { n: number }).n}`);

test('a row that commits after a later id is claimed when it commits', async () => {
  const database = await outbox();
  const slow = await database.getConnection();
  await slow.beginTransaction();
  await add(slow, 'slow');
  await add(database, 'quick');
  expect(await claim(database)).toEqual(['quick.0']);
  await database.query(`UPDATE banyan_outbox SET state = 'settled' WHERE aggregate_id = 'quick'`);
  await slow.commit();
  slow.release();
  expect(await claim(database)).toEqual(['slow.0']);
});

test('keys in memory are left out as a whole, whatever the ids of their rows', async () => {
  const database = await outbox();
  await add(database, 'a', 'b', 'a', 'b');
  expect((await claim(database, { without: ['thing:a'] })).toSorted()).toEqual(['b.1', 'b.3']);
});

test('a key with a parked row waits, with what stands before and behind it; others go on', async () => {
  const database = await outbox();
  await add(database, 'a', 'a', 'a', 'b');
  await database.query(
    `UPDATE banyan_outbox SET state = 'parked' WHERE aggregate_id = 'a' ORDER BY id LIMIT 1`,
  );
  expect(await claim(database)).toEqual(['b.3']);
});

test('a limit cuts off the latest rows, so that a prefix of each key is left', async () => {
  const database = await outbox();
  await add(database, 'a', 'a', 'a', 'a');
  expect(await claim(database, { limit: 2 })).toEqual(['a.0', 'a.1']);
});

test('keys that differ in case or in trailing spaces are different keys', async () => {
  const database = await outbox();
  await add(database, 'a', 'A', 'a ');
  expect(await claim(database, { without: ['thing:a'] })).toHaveLength(2);
});

test('of what is found only what is chosen is read, and it is known how large it is', async () => {
  const database = await outbox();
  await append(
    (sql, values) => database.query(sql, values),
    [10, 20_000].map((length) => ({
      type: 'T',
      aggregate: { type: 'thing', id: 'a' },
      data: { text: 'ü'.repeat(length) },
      extensions: { tenant: 'x' },
    })),
  );
  const rows = await collect(
    claimBatch(database, whole, (found) => {
      expect(found.map(({ bytes }) => bytes)).toEqual([2 * 10 + 25, 2 * 20_000 + 25]);
      return found.slice(0, 1);
    }),
  );
  expect(rows.map(({ data }) => data.length)).toEqual([10 + 11]);
});

test('behind a row that is not pending any more when it is read, nothing of its key is taken', async () => {
  const database = await outbox();
  await add(database, 'a', 'a', 'a', 'b');
  await database.query(
    `UPDATE banyan_outbox SET state = 'settled' WHERE aggregate_id = 'a' ORDER BY id LIMIT 1`,
  );
  const [[settled]] = (await database.query(
    `SELECT id, partition_key, bucket, bytes FROM banyan_outbox WHERE state = 'settled'`,
  )) as unknown as [[PendingRow]];
  const rows = await collect(claimBatch(database, whole, (found) => [settled, ...found]));
  expect(rows.map(({ aggregate_id: id }) => id)).toEqual(['b']);
});

test('nor in a later part, when the row goes while the first are dealt with', async () => {
  const database = await outbox();
  const others = Array.from({ length: 1_498 }, (_, n) => `other${n}`);
  await add(database, 'a', ...others.slice(0, 999), 'a', ...others.slice(999), 'a', 'b');
  const all = whole.map((claim) => ({ ...claim, limit: 10_000 }));
  const inOrder = (found: readonly PendingRow[]) => found.toSorted((x, y) => Number(x.id) - Number(y.id));
  const parts: string[][] = [];
  for await (const rows of claimBatch(database, all, inOrder)) {
    parts.push(rows.map(({ aggregate_id: id }) => id));
    // Another relay has the bucket by now: it has dealt with the second of the key, which stands in the third part.
    if (parts.length === 1)
      await database.query(
        "UPDATE banyan_outbox SET state = 'settled' WHERE aggregate_id = 'a' AND JSON_EXTRACT(data, '$.n') = 1000",
      );
  }
  expect(parts.map((ids) => ids.length)).toEqual([500, 500, 499, 1]);
  expect(parts.flatMap((ids, index) => (ids.includes('a') ? [index] : []))).toEqual([0]);
  expect(parts[3]).toEqual(['b']);
});

/** Counts the rows that a statement on the one connection of `single` reads. */
async function readsOf(single: Database, act: () => Promise<unknown>): Promise<number> {
  const reads = async () => {
    const [rows] = await single.query(`SHOW SESSION STATUS LIKE 'Handler_read%'`);
    return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  const before = await reads();
  await act();
  return (await reads()) - before;
}

test('claiming reads no more rows after a long history than before it', async () => {
  const url = await freshDatabase('outbox');
  const [database, single] = [connect(url), connect(url, 1)];
  await add(database, 'x', 'y');
  const young = await readsOf(single, () => claim(single));
  for (let batch = 0; batch < 4; batch++) {
    await add(database, ...Array.from({ length: 1_000 }, (_, n) => `old${n}`));
    await database.query(`UPDATE banyan_outbox SET state = 'settled' WHERE aggregate_id LIKE 'old%'`);
  }
  expect(await readsOf(single, () => claim(single))).toBeLessThan(young + 200);
});

test('what claiming reads grows with the rows behind parked ones, and not with their square', async () => {
  const url = await freshDatabase('outbox');
  const [database, single] = [connect(url), connect(url, 1)];
  const keys = Array.from({ length: 2_000 }, (_, n) => `key${n}`);
  await add(database, ...keys);
  await database.query(`UPDATE banyan_outbox SET state = 'parked'`);
  await add(database, ...keys);
  await add(database, ...keys);
  await add(database, 'healthy');
  let found: string[] = [];
  const reads = await readsOf(single, async () => (found = await claim(single)));
  expect(found).toEqual(['healthy.0']);
  expect(reads).toBeLessThan(5 * 2 * keys.length);
});
