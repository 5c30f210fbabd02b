import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createdTables } from '../../control-plane/install/created-tables.ts';
import {
  install,
  installText,
  migration,
  migrationsOf,
  TABLE_SETS,
  type TableSet,
  uninstall,
  uninstallText,
} from '../../control-plane/install/index.ts';
import { append } from '../../outbox/append.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

let url: string;
let name: string;
let connection: Connection;
const open: Connection[] = [];
beforeEach(async () => {
  url = await freshDatabase();
  name = new URL(url).pathname.slice(1);
  connection = await connect();
  await connection.query('CREATE TABLE customer (id INT PRIMARY KEY) ENGINE=InnoDB');
  await connection.query('INSERT INTO customer VALUES (1)');
});
afterAll(() => Promise.all(open.map((one) => one.end())));

async function connect(uri = url): Promise<Connection> {
  const one = await createConnection({ uri, multipleStatements: true });
  open.push(one);
  return one;
}

async function tables(): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>('SHOW TABLES');
  return rows.map((row) => String(Object.values(row)[0])).toSorted();
}

async function definitions(): Promise<string[]> {
  const texts: string[] = [];
  for (const table of await tables()) {
    const [[row]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE \`${table}\``);
    texts.push(String(row!['Create Table']));
  }
  return texts;
}

const placed = { type: 'OrderPlaced', aggregate: { type: 'order', id: 1 }, data: {} };
const execute = (sql: string, values: (string | null)[]) => connection.execute(sql, values);

describe('install', () => {
  test.each(TABLE_SETS)('%s: twice without harm, beside tables that are there', async (set) => {
    expect((await install({ url, set })).applied).toEqual(migrationsOf(set).map((one) => one.name));
    const before = await definitions();
    expect(await install({ url, set })).toEqual({ database: name, applied: [] });
    expect(await definitions()).toEqual(before);
    const [rows] = await connection.query('SELECT id FROM customer');
    expect(rows).toEqual([{ id: 1 }]);
  });

  test('all sets in one database, each recorded with its checksum', async () => {
    for (const set of TABLE_SETS) await install({ url, set });
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT name, table_set, checksum FROM banyan_migration ORDER BY name',
    );
    expect(rows).toEqual(
      TABLE_SETS.flatMap((set) =>
        migrationsOf(set).map((one) => ({ name: one.name, table_set: set, checksum: one.checksum })),
      ).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
    await append(execute, placed);
  });

  test('several at once: one applies, the others find all there', async () => {
    const done = await Promise.all([1, 2, 3, 4].map(() => install({ url, set: 'outbox' })));
    expect(done.map(({ applied }) => applied.length).toSorted()).toEqual([
      0,
      0,
      0,
      migrationsOf('outbox').length,
    ]);
  });

  test('a change of a table that was made and not recorded is found made by the next run', async () => {
    await install({ url, set: 'outbox' });
    await connection.query("DELETE FROM banyan_migration WHERE name LIKE '%outcome'");
    const before = await definitions();
    expect((await install({ url, set: 'outbox' })).applied).toEqual(['20261128000002_outbox_outcome']);
    expect(await definitions()).toEqual(before);
  });

  const half = 'CREATE TABLE IF NOT EXISTS `banyan_half` (\n  `id` INT NOT NULL,\n  PRIMARY KEY (`id`)\n);\n';
  test('a statement that fails half-way is named; the next run completes', async () => {
    const failing = install({
      url,
      set: 'outbox',
      migrations: [migration('1_outbox', `${half}INSERT INTO nowhere VALUES (1);\n${half}`)],
    });
    await expect(failing).rejects.toThrow(
      /statement 2 of migration 1_outbox failed: .*nowhere.*\n.*INSERT INTO nowhere.*\n.*run `banyan install outbox` again/,
    );
    expect(await tables()).toContain('banyan_half');
    const mended = [migration('1_outbox', `${half}INSERT IGNORE INTO banyan_half VALUES (7);`)];
    expect((await install({ url, set: 'outbox', migrations: mended })).applied).toEqual(['1_outbox']);
    expect((await connection.query('SELECT id FROM banyan_half'))[0]).toEqual([{ id: 7 }]);
  });

  test('a later migration is added to what is there', async () => {
    await install({ url, set: 'outbox' });
    const migrations = [...migrationsOf('outbox'), migration('99_outbox_half', half)];
    expect((await install({ url, set: 'outbox', migrations })).applied).toEqual(['99_outbox_half']);
    await expect(install({ url, set: 'outbox' })).rejects.toThrow(
      /migration 99_outbox_half is applied, and unknown to this version/,
    );
  });

  test('an applied migration that has changed is refused, and nothing is done', async () => {
    await install({ url, set: 'outbox' });
    const [first] = migrationsOf('outbox');
    const migrations = [
      migration(first!.name, `${first!.sql}\n-- changed`),
      migration('99_outbox_half', half),
    ];
    await expect(install({ url, set: 'outbox', migrations })).rejects.toThrow(
      /nothing was changed:\n.*was applied with checksum .*restore the file/,
    );
    expect(await tables()).not.toContain('banyan_half');
  });

  test('a table that is missing although it was installed is named', async () => {
    await install({ url, set: 'outbox' });
    await connection.query('DROP TABLE banyan_outbox_relay');
    await expect(install({ url, set: 'outbox' })).rejects.toThrow(/banyan_outbox_relay is missing/);
  });

  test('a foreign table of the same name is refused and named, and stays as it is', async () => {
    await connection.query('CREATE TABLE banyan_outbox_lease (id INT PRIMARY KEY, note TEXT)');
    await expect(install({ url, set: 'outbox' })).rejects.toThrow(
      /banyan_outbox_lease that isn't Banyan's: it has the columns id, note; required are bucket, owner/,
    );
    expect(await tables()).toEqual(['banyan_outbox_lease', 'customer']);
    expect((await install({ url, set: 'inbox' })).applied).toEqual(
      migrationsOf('inbox').map(({ name }) => name),
    );
  });

  test('an unreachable server, a missing database and a wrong password are told apart', async () => {
    const { host } = new URL(url);
    await expect(install({ url: 'mysql://root@127.0.0.1:1/shop', set: 'outbox' })).rejects.toThrow(
      /can't connect to the database at 127.0.0.1:1 .*ECONNREFUSED/,
    );
    await expect(install({ url: `mysql://root@${host}/no_such`, set: 'outbox' })).rejects.toThrow(
      /Unknown database 'no_such'/,
    );
    await expect(install({ url: `mysql://root:secret@${host}/${name}`, set: 'outbox' })).rejects.toThrow(
      /^(?!.*secret).*Access denied/,
    );
    await expect(install({ url: `mysql://root@${host}`, set: 'outbox' })).rejects.toThrow(
      /names no database/,
    );
  });

  test('a user without the rights learns which are missing', async () => {
    const user = `banyan_t_${name.slice(-8)}`;
    await connection.query(`CREATE USER '${user}'@'%'; GRANT SELECT ON \`${name}\`.* TO '${user}'@'%'`);
    try {
      const { host } = new URL(url);
      await expect(install({ url: `mysql://${user}@${host}/${name}`, set: 'outbox' })).rejects.toThrow(
        new RegExp(
          `CREATE command denied[\\s\\S]*Required is GRANT CREATE, ALTER, INDEX, SELECT, INSERT ON \`${name}\`.* TO '${user}'@'%'`,
        ),
      );
      await connection.query(`GRANT CREATE, ALTER, INDEX, INSERT ON \`${name}\`.* TO '${user}'@'%'`);
      for (const set of TABLE_SETS) await install({ url: `mysql://${user}@${host}/${name}`, set });
      await expect(uninstall({ url: `mysql://${user}@${host}/${name}`, set: 'outbox' })).rejects.toThrow(
        /can't see whether triggers write to the outbox. Required is GRANT TRIGGER/,
      );
      await connection.query(`GRANT TRIGGER ON \`${name}\`.* TO '${user}'@'%'`);
      await expect(uninstall({ url: `mysql://${user}@${host}/${name}`, set: 'outbox' })).rejects.toThrow(
        /Required is GRANT DROP, LOCK TABLES, SELECT, DELETE, TRIGGER/,
      );
      await connection.query(`GRANT DROP, LOCK TABLES, DELETE ON \`${name}\`.* TO '${user}'@'%'`);
      for (const set of TABLE_SETS) await uninstall({ url: `mysql://${user}@${host}/${name}`, set });
      expect(await tables()).toEqual(['customer']);
    } finally {
      await connection.query(`DROP USER '${user}'@'%'`);
    }
  });

  test.each(TABLE_SETS)('what --print prints does the same as install: %s', async (set) => {
    // The rights are another test's; the users that they are for don't exist here.
    const [printedTables] = installText(set, name).split('-- Rights');
    await connection.query(printedTables!);
    await connection.query(printedTables!);
    const printed = await definitions();
    expect(await install({ url, set })).toEqual({ database: name, applied: [] });
    await connection.query(uninstallText(set, name).replace('-- DROP', 'DROP'));
    expect(await tables()).toEqual(['customer']);
    await install({ url, set });
    expect(await definitions()).toEqual(printed);
  });
});

describe('uninstall', () => {
  test('takes one set and leaves the others, and the last one takes everything', async () => {
    const before = await tables();
    for (const set of TABLE_SETS) await install({ url, set });
    const { dropped } = await uninstall({ url, set: 'control' });
    const created = (set: TableSet) =>
      migrationsOf(set).flatMap(({ sql }) => createdTables(sql).map(({ table }) => table));
    expect(dropped.toSorted()).toEqual(created('control').toSorted());
    await append(execute, placed);
    const left = ['banyan_migration', ...created('inbox'), ...created('outbox'), ...before];
    expect((await tables()).toSorted()).toEqual(left.toSorted());
    await uninstall({ url, set: 'inbox' });
    await uninstall({ url, set: 'outbox', force: true });
    expect(await tables()).toEqual(before);
    expect((await uninstall({ url, set: 'outbox' })).dropped).toEqual([]);
    expect((await install({ url, set: 'outbox' })).applied).toHaveLength(migrationsOf('outbox').length);
  });

  test('events that have not reached the stream are counted and kept, unless forced', async () => {
    await install({ url, set: 'outbox' });
    await append(execute, [placed, placed, placed, placed]);
    await connection.query("UPDATE banyan_outbox SET state = 'settled' LIMIT 1");
    await connection.query("UPDATE banyan_outbox SET state = 'parked' WHERE state = 'pending' LIMIT 1");
    await expect(uninstall({ url, set: 'outbox' })).rejects.toThrow(/has 2 pending and 1 parked events/);
    const [[left]] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM banyan_outbox');
    expect(left).toEqual({ n: 4 });
    await uninstall({ url, set: 'outbox', force: true });
    expect(await tables()).toEqual(['customer']);
  });

  test('an event that commits while uninstall waits is seen by it', async () => {
    await install({ url, set: 'outbox' });
    const writer = await connect();
    await writer.beginTransaction();
    await append((sql, values) => writer.execute(sql, values), placed);
    const refused = expect(uninstall({ url, set: 'outbox' })).rejects.toThrow(/has 1 pending events/);
    await until('uninstall waits for the writer', async () => {
      const [rows] = await connection.query<RowDataPacket[]>(
        "SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%metadata lock' AND info LIKE 'LOCK TABLES%' AND db = ?",
        [name],
      );
      return rows.length > 0;
    });
    await writer.commit();
    await refused;
  });

  test('a transaction that stays open makes it give up, with the monolith blocked for 3 s at most', async () => {
    await install({ url, set: 'outbox' });
    await connection.beginTransaction();
    await append(execute, placed);
    await expect(uninstall({ url, set: 'outbox' })).rejects.toThrow(/used the table for more than 3 s/);
    await connection.commit();
    const [[left]] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM banyan_outbox');
    expect(left).toEqual({ n: 1 });
  });

  test('triggers and routines that write to the outbox are named, and nothing is dropped, forced or not', async () => {
    await install({ url, set: 'outbox' });
    const insert =
      "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES (UUID(), '/m', 't', 'a', '1', '{}')";
    await connection.query(`CREATE TRIGGER tell AFTER INSERT ON customer FOR EACH ROW ${insert}`);
    await connection.query(`CREATE PROCEDURE tell_too() ${insert}`);
    await expect(uninstall({ url, set: 'outbox', force: true })).rejects.toThrow(
      new RegExp(`  procedure ${name}.tell_too\n  trigger ${name}.tell on ${name}.customer\n.*capture drop`),
    );
    await connection.query('INSERT INTO customer VALUES (2)');
    await connection.query('DROP TRIGGER tell; DROP PROCEDURE tell_too');
    await uninstall({ url, set: 'outbox', force: true });
    await connection.query('INSERT INTO customer VALUES (3)');
  });
});

test('installing never waits for, nor blocks, a transaction of the monolith', async () => {
  await connection.beginTransaction();
  await connection.query('UPDATE customer SET id = 10 WHERE id = 1');
  for (const set of TABLE_SETS) await install({ url, set });
  await connection.commit();
  expect((await connection.query('SELECT id FROM customer'))[0]).toEqual([{ id: 10 }]);
});
