import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { handOver } from '../../outbox/hand-over.ts';
import { openDatabase, type Connection, type Database } from '../../runtime/database.ts';
import { sequenced } from '../consumer/counting.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

async function outbox(): Promise<Database> {
  const database = openDatabase(await freshDatabase('outbox'));
  onTestFinished(() => database.end());
  return database;
}
/** An outbox that has given so many numbers of `counter:k`, and another one. */
async function two(given: number): Promise<{ from: Database; to: Database }> {
  const [from, to] = [await outbox(), await outbox()];
  await from.query("INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ('counter:k', ?)", [
    given,
  ]);
  return { from, to };
}
const appendTo = (writer: Database | Connection, times = 1, id = 'k') =>
  append(
    (sql, values) => writer.query(sql, values),
    Array.from({ length: times }, () => ({ type: 'Counted', aggregate: { type: 'counter', id }, data: {} })),
    { registry: sequenced },
  );
async function numbersIn(database: Database, id = 'k'): Promise<number[]> {
  const [rows] = await database.query(
    'SELECT sequence FROM banyan_outbox WHERE aggregate_id = ? ORDER BY id',
    [id],
  );
  return (rows as { sequence: number }[]).map(({ sequence }) => Number(sequence));
}

test('what waits is numbered behind the last number that was given, once however often it is done, and what comes then follows', async () => {
  const { from, to } = await two(10);
  await appendTo(to, 3);
  await appendTo(to, 2, 'own');
  for (let times = 0; times < 2; times += 1) await handOver(from, to, ['counter']);
  expect(await numbersIn(to)).toEqual([11, 12, 13]);
  await appendTo(to);
  await handOver(from, to, ['counter']);
  expect(await numbersIn(to)).toEqual([11, 12, 13, 14]);
  expect(await numbersIn(to, 'own')).toEqual([1, 2]);
});

test('of an outbox that has its type back only what waits is numbered anew', async () => {
  const { from, to } = await two(16);
  await appendTo(to, 10);
  await to.query("UPDATE banyan_outbox SET state = 'settled'");
  await appendTo(to, 2);
  await handOver(from, to, ['counter']);
  await appendTo(to);
  expect(await numbersIn(to)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 18, 19]);
});

test('an append that is under way is waited for, and numbered anew with the others', async () => {
  const { from, to } = await two(10);
  const writer = await to.getConnection();
  onTestFinished(() => writer.destroy());
  await writer.beginTransaction();
  await appendTo(writer, 2);
  let over = false;
  const handed = handOver(from, to, ['counter']).then(() => (over = true));
  await until('it waits for the writer', async () => {
    const [rows] = await to.query(
      `SELECT 1 FROM information_schema.processlist
        WHERE db = DATABASE() AND info LIKE 'INSERT INTO banyan_outbox_sequence%'`,
    );
    return (rows as unknown[]).length > 0;
  });
  expect(over).toBe(false);
  await writer.commit();
  await handed;
  await appendTo(to);
  expect(await numbersIn(to)).toEqual([11, 12, 13]);
});
