import { randomBytes } from 'node:crypto';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, onTestFinished, test } from 'vitest';
import { readLag } from '../../outbox/lag.ts';
import { limitedRead } from '../../outbox/limited-read.ts';
import { findOpenTransaction } from '../../outbox/open-transactions.ts';
import { runStatement } from '../../outbox/run-statement.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

/** Minutes of work for any server. */
const ENDLESS = `SELECT COUNT(*) FROM information_schema.collations a, information_schema.collations b,
  information_schema.collations c, information_schema.collations d WHERE CONCAT(a.id, b.id, c.id, d.id) LIKE '%x'`;

/** A user with the rights that an outbox needs, and what the server says of this user's statements. */
async function user(connections: number) {
  const root = await createConnection(await freshDatabase('outbox'));
  const name = `u${randomBytes(6).toString('hex')}`;
  const { host, port, database: schema } = root.config;
  await root.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'a-Pass-word-1'`);
  await root.query(`GRANT SELECT ON \`${schema}\`.* TO '${name}'@'%'`);
  await root.query(`GRANT PROCESS ON *.* TO '${name}'@'%'`);
  const database = openDatabase(`mysql://${name}:a-Pass-word-1@${host}:${port}/${schema}`, { connections });
  onTestFinished(async () => {
    await database.end();
    const [left] = await root.query<RowDataPacket[]>(
      'SELECT id AS thread FROM information_schema.processlist WHERE user = ?',
      [name],
    );
    for (const { thread } of left) await root.query(`KILL ${thread}`).catch(() => {});
    await root.query(`DROP USER '${name}'@'%'`);
    await root.end();
  });
  const running = async () => {
    const [rows] = await root.query<RowDataPacket[]>(
      "SELECT info FROM information_schema.processlist WHERE user = ? AND command <> 'Sleep'",
      [name],
    );
    return rows.length;
  };
  return { root, database, running };
}

test.each([
  ['a read', ENDLESS],
  ['a union', `(SELECT 1 LIMIT 1) UNION ALL (${ENDLESS} LIMIT 1)`],
])('%s that takes too long is ended by the server, and its connection goes on', async (_, endless) => {
  const { database, running } = await user(1);
  const thread = async () =>
    (await runStatement<{ id: number }>(database, 'SELECT CONNECTION_ID() AS id')).rows;
  const before = await thread();
  // The server ends it 800 ms before the client would give up: time enough on a busy machine.
  await expect(runStatement(database, endless, [], 8_000)).rejects.toThrow(/interrupted/);
  // The server answers a moment before its list says so; by itself the statement would run for minutes.
  await until('it runs no more', async () => (await running()) === 0);
  expect(await thread()).toEqual(before);
});

test.each<[string, (database: Database) => Promise<unknown>]>([
  ['the lag', (database) => readLag(database, 500)],
  ['the open transactions', (database) => findOpenTransaction(database, 500)],
])('%s: what takes too long does not pile up on the server', async (_, read) => {
  const { root, database, running } = await user(10);
  // An outbox that is read without end, whatever is asked of it.
  await root.query('RENAME TABLE banyan_outbox TO kept');
  await root.query(
    `CREATE ALGORITHM = TEMPTABLE VIEW banyan_outbox AS
     SELECT state, type, appended_at, server_clock FROM kept UNION ALL SELECT 'pending', COUNT(*), NULL, NULL FROM (${ENDLESS}) AS e`,
  );
  await Promise.all(Array.from({ length: 5 }, () => expect(read(database)).rejects.toThrow()));
  await until('none is left', async () => (await running()) === 0);
});

test('only reads are limited by the server: a write that is cut off half-way could not be told from one that was done', () => {
  expect(limitedRead('UPDATE t SET a = 1', 1_000)).toBe('UPDATE t SET a = 1');
  expect(limitedRead('(SELECT 1) UNION ALL (SELECT 2)', 1_000)).toContain(
    '(SELECT /*+ MAX_EXECUTION_TIME(900) */ 1)',
  );
});
