import { randomBytes, randomUUID } from 'node:crypto';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { findOpenTransaction } from '../../outbox/open-transactions.ts';
import { openDatabase } from '../../runtime/database.ts';
import { startDatabase } from '../../demo/servers/database.ts';
import { createDatabase, freshDatabase } from '../support/database.ts';
import { untilOpenTransactions } from '../support/until.ts';

async function outbox() {
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  const writer = async () => {
    const connection = await createConnection(url);
    onTestFinished(() => connection.destroy());
    return connection;
  };
  return { url, database, writer };
}

async function append(writer: Connection, events: number, aggregate = '1'): Promise<void> {
  const rows = Array.from({ length: events }, () => [randomUUID(), '/m', 'T', 'o', aggregate, '{}']);
  await writer.query(
    'INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ?',
    [rows],
  );
}

/** An aggregate of the lowest and one of the highest bucket. */
async function aggregates(connection: Connection): Promise<{ lowest: string; highest: string }> {
  const ids = Array.from({ length: 1_000 }, (_, n) => String(n));
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT id FROM (${ids.map((id) => `SELECT '${id}' AS id`).join(' UNION ALL ')}) AS ids
      ORDER BY CRC32(CONCAT('o:', id)) MOD 64`,
  );
  return { lowest: rows[0]!['id'] as string, highest: rows.at(-1)!['id'] as string };
}

test('there is none while everything is committed, or while an open transaction appended nothing', async () => {
  const { database, writer } = await outbox();
  const connection = await writer();
  await append(connection, 2);
  expect(await findOpenTransaction(database)).toEqual({ state: 'none' });
  await connection.query('CREATE TABLE legacy (id INT PRIMARY KEY) ENGINE = InnoDB');
  await connection.query('START TRANSACTION');
  await connection.query('INSERT INTO legacy VALUES (1)');
  expect(await findOpenTransaction(database)).toEqual({ state: 'none' });
});

test('names the oldest open transaction with its thread, age, user and events, and it is gone after the commit', async () => {
  const { database, writer } = await outbox();
  const [older, younger] = [await writer(), await writer()];
  await append(older, 1);
  await older.query('START TRANSACTION');
  await append(older, 3);
  const found = await untilOpenTransactions('a second old', async () => {
    const open = await findOpenTransaction(database);
    return open.state === 'open' && open.ageMs >= 1_500 ? open : undefined;
  });
  await younger.query('START TRANSACTION');
  await append(younger, 1);
  expect(found).toMatchObject({ thread: older.threadId, user: 'root', events: 3 });
  expect(found.host).toMatch(/^(127\.0\.0\.1|localhost)/);
  expect(found.ageMs).toBeLessThan(60_000);
  expect(await findOpenTransaction(database)).toMatchObject({
    state: 'open',
    thread: older.threadId,
    events: 3,
  });
  await older.query('COMMIT');
  await untilOpenTransactions('the younger is left', async () => {
    const open = await findOpenTransaction(database);
    return open.state === 'open' && open.thread === younger.threadId && open.events === 1;
  });
  await younger.query('ROLLBACK');
  await untilOpenTransactions(
    'none is left',
    async () => (await findOpenTransaction(database)).state === 'none',
  );
});

test('names the oldest, however many events a younger one or a dead backlog has before its own', async () => {
  const { database, writer } = await outbox();
  const [older, younger, gone] = [await writer(), await writer(), await writer()];
  const { lowest, highest } = await aggregates(gone);
  await older.query('START TRANSACTION');
  await append(older, 1, highest);
  await untilOpenTransactions('more than a second old', async () => {
    const open = await findOpenTransaction(database);
    return open.state === 'open' && open.ageMs >= 1_500;
  });
  await younger.query('START TRANSACTION');
  await append(younger, 10_500, lowest);
  expect(await findOpenTransaction(database)).toMatchObject({ thread: older.threadId, events: 1 });
  await older.query('COMMIT');
  await untilOpenTransactions('the younger is left, counted to 10,000', async () => {
    const open = await findOpenTransaction(database);
    return open.state === 'open' && open.thread === younger.threadId && open.events === 10_000;
  });
  // An XA transaction without a session is told from what dead connections have committed.
  const xid = `x${randomBytes(4).toString('hex')}`;
  await older.query(`XA START '${xid}'`);
  await append(older, 2, highest);
  await older.query(`XA END '${xid}'`);
  await older.query(`XA PREPARE '${xid}'`);
  await older.end();
  onTestFinished(async () => {
    const last = await createConnection(inject('databaseServer'));
    await last.query(`XA ROLLBACK '${xid}'`);
    await last.end();
  });
  await younger.query('COMMIT');
  await younger.end();
  await untilOpenTransactions('the XA transaction is left', async () => {
    const open = await findOpenTransaction(database);
    return open.state === 'open' && open.thread === 0 && open.events === 2;
  });
});

test('names a prepared XA transaction whose session is gone as thread 0', async () => {
  const { database, writer } = await outbox();
  const connection = await writer();
  const xid = `x${randomBytes(4).toString('hex')}`;
  await connection.query(`XA START '${xid}'`);
  await append(connection, 2);
  await connection.query(`XA END '${xid}'`);
  await connection.query(`XA PREPARE '${xid}'`);
  await connection.end();
  onTestFinished(async () => {
    const last = await createConnection(inject('databaseServer'));
    await last.query(`XA ROLLBACK '${xid}'`);
    await last.end();
  });
  await untilOpenTransactions('it is named', async () => {
    const open = await findOpenTransaction(database);
    return open.state === 'open' && open.thread === 0 && open.events === 2;
  });
});

test('without the PROCESS privilege the answer is unknown, whatever is open', async () => {
  const { url, database, writer } = await outbox();
  const name = `u${randomBytes(6).toString('hex')}`;
  const schema = new URL(url).pathname.slice(1);
  await database.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'a-Pass-word-1'`);
  await database.query(`GRANT SELECT ON \`${schema}\`.* TO '${name}'@'%'`);
  const limited = openDatabase(url.replace('root@', `${name}:a-Pass-word-1@`));
  onTestFinished(async () => {
    await limited.end();
    await database.query(`DROP USER '${name}'@'%'`);
  });
  const connection = await writer();
  expect(await findOpenTransaction(limited)).toMatchObject({
    state: 'unknown',
    missing: `GRANT PROCESS ON *.* TO '${name}'@'%'`,
  });
  await connection.query('START TRANSACTION');
  await append(connection, 1);
  expect(await findOpenTransaction(limited)).toMatchObject({ state: 'unknown' });
  await database.query(`GRANT PROCESS ON *.* TO '${name}'@'%'`);
  const granted = openDatabase(url.replace('root@', `${name}:a-Pass-word-1@`));
  onTestFinished(() => granted.end());
  expect(await findOpenTransaction(granted)).toMatchObject({
    state: 'open',
    thread: connection.threadId,
    user: 'root',
  });
});

test('measures the age right on a server that lives in another time zone', async () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Asia/Tokyo';
  const server = await startDatabase('mariadbd').finally(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });
  onTestFinished(() => server.stop());
  const url = await createDatabase(server.url, 'outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  const connection = await createConnection(url);
  onTestFinished(() => connection.destroy());
  const [zones] = await connection.query('SELECT TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW()) AS ahead');
  expect(zones).toEqual([{ ahead: 9 }]);
  await connection.query('START TRANSACTION');
  await append(connection, 1);
  const open = await findOpenTransaction(database);
  expect(open).toMatchObject({ state: 'open', thread: connection.threadId });
  expect(open.state === 'open' && open.ageMs < 20_000).toBe(true);
});
