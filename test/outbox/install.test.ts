import { expect, test } from 'vitest';
import { createdTables } from '../../control-plane/install/created-tables.ts';
import { migrationsOf, TABLE_SETS } from '../../control-plane/install/index.ts';
import { unsupportedServer } from '../../control-plane/install/server-version.ts';
import { maySeeTriggers } from '../../control-plane/install/triggers.ts';

test.each([
  '8.0.19',
  '8.0.42-log',
  '8.4.0',
  '9.7.4-2',
  '10.5.0-MariaDB',
  '10.11.19-MariaDB-0+deb12u1',
  '11.4.2-MariaDB',
  '8.0.mysql_aurora.3.04.0'.replace('mysql_aurora.3.04.0', '28'),
])('a server that is new enough: %s', (version) => expect(unsupportedServer(version)).toBeUndefined());

test.each(['5.7.44-log', '8.0.18', '5.5.68-MariaDB', '10.4.34-MariaDB-1', 'unknown'])(
  'a server that is too old is refused, and told what is required: %s',
  (version) => {
    expect(unsupportedServer(version)).toContain(version);
    expect(unsupportedServer(version)).toContain('need MySQL 8.0.19 or MariaDB 10.5');
  },
);

test('every migration belongs to one set, creates tables named banyan_* only, and reads as tables', () => {
  const names = TABLE_SETS.flatMap((set) => migrationsOf(set).map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  const tables = TABLE_SETS.flatMap((set) => migrationsOf(set).flatMap(({ sql }) => createdTables(sql)));
  expect(tables.length).toBeGreaterThan(9);
  for (const { table, columns } of tables) {
    expect(table).toMatch(/^banyan_/);
    expect(columns.length).toBeGreaterThan(0);
  }
});

test.each<[string, boolean]>([
  ['GRANT ALL PRIVILEGES ON *.* TO `root`@`%`', true],
  ['GRANT SELECT, TRIGGER, DROP ON `shop_1`.* TO `a`@`%`', true],
  ['GRANT TRIGGER ON `shop\\_1`.* TO `a`@`%` WITH GRANT OPTION', true],
  ['GRANT TRIGGER ON `shop%`.* TO `a`@`%`', true],
  ['GRANT TRIGGER ON `other`.* TO `a`@`%`', false],
  ['GRANT TRIGGER ON `shopX1`.* TO `a`@`%`', false],
  ['GRANT TRIGGER ON `shop_1`.`orders` TO `a`@`%`', false],
  ['GRANT SELECT, DROP ON `shop_1`.* TO `a`@`%`', false],
  ['GRANT USAGE ON *.* TO `a`@`%`', false],
])('%s: may see all triggers of shop_1: %s', (grant, may) => {
  expect(maySeeTriggers([grant], 'shop_1')).toBe(may);
});
