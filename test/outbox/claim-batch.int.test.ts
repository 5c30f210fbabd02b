import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { claimBatch } from '../../outbox/claim-batch.ts';
import { openDatabase, type Connection, type Database } from '../../runtime/database.ts';
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
const claim = async (database: Database, { without = [] as string[], limit = 100 } = {}) =>
  (
    await claimBatch(
      database,
      buckets.map((bucket) => ({ bucket, without, limit })),
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

test('claiming reads no more rows after a long history than before it', async () => {
  const url = await freshDatabase('outbox');
  const [database, single] = [connect(url), connect(url, 1)];
  await add(database, 'x', 'y');
  const reads = async () => {
    const [rows] = await single.query(`SHOW SESSION STATUS LIKE 'Handler_read%'`);
    return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  const cost = async () => {
    const before = await reads();
    await claim(single);
    return (await reads()) - before;
  };
  const young = await cost();
  for (let batch = 0; batch < 4; batch++) {
    await add(database, ...Array.from({ length: 1_000 }, (_, n) => `old${n}`));
    await database.query(`UPDATE banyan_outbox SET state = 'settled' WHERE aggregate_id LIKE 'old%'`);
  }
  expect(await cost()).toBeLessThan(young + 200);
});
