import { createConnection } from 'mysql2/promise';
import { afterAll, expect, test } from 'vitest';
import {
  applyCapture,
  CaptureRefused,
  dropCapture,
  readPlan,
  type Capture,
} from '../../../legacy-adapter/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { rowEvents } from './events.ts';

const url = await freshDatabase('outbox');
const database = openDatabase(url);
afterAll(() => database.end());
const capture: Capture = { name: 'stock', table: 'stock', key: 'id', columns: ['shelf'], aggregate: 'stock' };

test('what the server tells of a table leads to all refusals at once', async () => {
  const bare = await freshDatabase();
  const other = openDatabase(bare);
  await other.query(
    'CREATE TABLE stock (id INT, shelf INT, place POINT, UNIQUE KEY (id), UNIQUE KEY (id, shelf)) ENGINE=MyISAM',
  );
  const applying = applyCapture(other, { ...capture, columns: ['place', 'nothing'] });
  await expect(applying).rejects.toThrow(CaptureRefused);
  await applying.catch((error: Error) => {
    expect(error.message.split('\n')).toEqual([
      "capture 'stock' can't be applied:",
      expect.stringContaining("table 'stock' is MyISAM"),
      expect.stringContaining("key 'id' doesn't identify a row"),
      expect.stringContaining("column 'place' is point, which can't be captured"),
      expect.stringContaining("there is no column 'nothing'; 'stock' has id, shelf, place"),
      expect.stringContaining('the outbox is not installed'),
    ]);
  });
  await other.end();
});

test('a cascade is warned of, and really passes the triggers by', async () => {
  await database.query('CREATE TABLE shelf (id INT PRIMARY KEY) ENGINE=InnoDB');
  await database.query(
    `CREATE TABLE stock (id INT NOT NULL, shelf INT, UNIQUE KEY (id),
       CONSTRAINT on_shelf FOREIGN KEY (shelf) REFERENCES shelf (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB`,
  );
  await applyCapture(database, capture);
  expect((await readPlan(database, capture)).warnings[0]).toBe(
    'foreign key on_shelf (shelf to shelf, ON DELETE CASCADE, ON UPDATE CASCADE): what it changes here fires no trigger and is not captured',
  );
  await database.query('INSERT INTO shelf VALUES (1)');
  await database.query('INSERT INTO stock VALUES (1, 1)');
  await database.query('UPDATE shelf SET id = 2');
  await database.query('DELETE FROM shelf');
  expect((await rowEvents(database)).map(({ type }) => type)).toEqual(['row.stock.insert']);
});

test('triggers of others stay and fire', async () => {
  await dropCapture(database, 'stock');
  await database.query('CREATE TABLE noted (id INT)');
  await database.query(
    'CREATE TRIGGER note AFTER INSERT ON stock FOR EACH ROW INSERT INTO noted VALUES (NEW.id)',
  );
  await applyCapture(database, capture);
  await database.query('INSERT INTO stock VALUES (7, NULL)');
  await dropCapture(database, 'stock');
  await database.query('INSERT INTO stock VALUES (8, NULL)');
  const [noted] = await database.query('SELECT id FROM noted ORDER BY id');
  expect(noted).toEqual([{ id: 7 }, { id: 8 }]);
  expect((await rowEvents(database)).at(-1)?.key).toBe('stock:7');
});

test('an account with the printed grants alone can apply, replace and drop; the writer needs no right on the outbox', async () => {
  const name = new URL(url).pathname.slice(1);
  const root = await createConnection({ uri: url });
  const account = `cap_${name.slice(-8)}`;
  const writer = `wri_${name.slice(-8)}`;
  const as = (user: string) => {
    const its = new URL(url);
    its.username = user;
    return its.toString();
  };
  try {
    await root.query(`CREATE USER '${account}'@'%'`);
    await root.query(`CREATE USER '${writer}'@'%'`);
    await root.query(`GRANT SELECT, INSERT ON \`${name}\`.stock TO '${writer}'@'%'`);
    // A right that makes the table visible, so that the plan can say what else is missing.
    await root.query(`GRANT SELECT ON \`${name}\`.stock TO '${account}'@'%'`);
    await root.query(`GRANT SELECT ON \`${name}\`.banyan_outbox TO '${account}'@'%'`);
    const limited = openDatabase(as(account));
    const plan = await readPlan(limited, capture);
    expect(plan.refusals.length).toBeGreaterThanOrEqual(3);
    expect(plan.refusals.every((reason) => reason.includes('lacks'))).toBe(true);
    await root.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${account}'@'%'`);
    for (const grant of plan.grants) await root.query(grant);
    await limited.end();

    const granted = openDatabase(as(account));
    expect(await applyCapture(granted, capture)).toBe('created');
    expect(await applyCapture(granted, { ...capture, aggregate: 'box' })).toBe('replaced');
    const monolith = await createConnection({ uri: as(writer) });
    await monolith.query('INSERT INTO stock VALUES (9, NULL)');
    await monolith.end();
    expect((await rowEvents(database)).at(-1)?.key).toBe('box:9');
    expect(await dropCapture(granted, 'stock')).toHaveLength(3);
    await granted.end();
  } finally {
    await root.query(`DROP USER IF EXISTS '${account}'@'%', '${writer}'@'%'`);
    await root.end();
  }
});

test('triggers of an account that is gone fail every write; apply by one that stays puts them right', async () => {
  const gone = `gon_${new URL(url).pathname.slice(-8)}`;
  const its = new URL(url);
  its.username = gone;
  await database.query('CREATE TABLE crate (id INT PRIMARY KEY, shelf INT)');
  await database.query(`CREATE USER '${gone}'@'%'`);
  await database.query(`GRANT ALL ON *.* TO '${gone}'@'%'`);
  const crate = { ...capture, name: 'crate', table: 'crate' };
  const leaving = openDatabase(its.toString());
  await applyCapture(leaving, crate);
  await leaving.end();
  expect(await readPlan(database, crate)).toMatchObject({
    applied: false,
    warnings: [
      expect.stringContaining(`run with the rights of ${gone}@%, who applied them`),
      expect.anything(),
    ],
  });
  await database.query(`DROP USER '${gone}'@'%'`);
  await expect(database.query('INSERT INTO crate VALUES (1, 1)')).rejects.toThrow('definer');
  expect(await applyCapture(database, crate)).toBe('replaced');
  await database.query('INSERT INTO crate VALUES (1, 1)');
  expect(await readPlan(database, crate)).toMatchObject({ applied: true });
});
