import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecordLimit } from '../../outbox/read-record-limit.ts';
import { writeRecordLimit } from '../../outbox/write-record-limit.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

let database: Database;
beforeAll(async () => {
  database = openDatabase(await freshDatabase('outbox'), { connections: 1 });
});
afterAll(() => database.end());

const read = () => readRecordLimit((sql, values) => database.query(sql, values));

test('1 MiB until a relay has said what its stream takes; then that, the least of several', async () => {
  expect(await read()).toBe(1_048_576);
  await writeRecordLimit(database, 'wide', 10_485_760);
  expect(await read()).toBe(10_485_760);
  await writeRecordLimit(database, 'narrow', 2_097_152);
  expect(await read()).toBe(2_097_152);
  await writeRecordLimit(database, 'narrow', 4_194_304);
  expect(await read()).toBe(4_194_304);
});

test('what nobody has confirmed for a week counts no more', async () => {
  await database.query(
    "UPDATE banyan_outbox_limit SET read_at = read_at - INTERVAL 8 DAY WHERE stream = 'narrow'",
  );
  expect(await read()).toBe(10_485_760);
});

test('rows alone are taken too (Prisma, TypeORM), and what returns none is named', async () => {
  const rows = async (sql: string) => (await database.query(sql))[0];
  expect(await readRecordLimit(rows)).toBe(10_485_760);
  await expect(readRecordLimit(async () => 0)).rejects.toThrow(/\$queryRawUnsafe/);
});
