import { expect, test } from 'vitest';
import { holds } from '../../../legacy-adapter/capture/rights.ts';

const shop = { database: 'shop_1', table: 'product' };

test.each([
  ['GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION', 'yes'],
  ['GRANT SELECT, TRIGGER ON `shop_1`.* TO `app`@`%`', 'yes'],
  ['GRANT TRIGGER ON `shop_1`.`product` TO `app`@`%`', 'yes'],
  ['GRANT SELECT (`a`, `b`), TRIGGER ON `shop_1`.`product` TO `app`@`%`', 'yes'],
  ['GRANT TRIGGER ON `shop\\_1`.* TO `app`@`%`', 'yes'],
  ['GRANT TRIGGER ON `shop%`.* TO `app`@`%`', 'yes'],
  ['GRANT TRIGGER ON `shop_1`.`other` TO `app`@`%`', 'no'],
  ['GRANT TRIGGER ON `other`.* TO `app`@`%`', 'no'],
  ['GRANT TRIGGER ON `shop\\_2`.* TO `app`@`%`', 'no'],
  ['GRANT USAGE ON *.* TO `app`@`%`', 'no'],
  ['GRANT SELECT ON *.* TO `TRIGGER`@`%`', 'no'],
  ['GRANT `dba`@`%` TO `app`@`%`', 'unknown'],
])('the line %s gives TRIGGER on a table: %s', (line, expected) => {
  expect(holds([line], 'TRIGGER', shop)).toBe(expected);
});

test('a right on a database is no right on the server, nor is one on a table a right on the database', () => {
  expect(holds(['GRANT ALL PRIVILEGES ON `shop_1`.* TO `a`@`%`'], 'SUPER', {})).toBe('no');
  expect(
    holds(['GRANT LOCK TABLES ON `shop_1`.`product` TO `a`@`%`'], 'LOCK TABLES', { database: 'shop_1' }),
  ).toBe('no');
});

test.each([
  ['GRANT SELECT (`sku`, `price`), INSERT ON `shop_1`.`product` TO `a`@`%`', 'yes'],
  ['GRANT INSERT, SELECT (price, Sku, name) ON `shop_1`.`product` TO `a`@`%`', 'yes'],
  ['GRANT SELECT (`sku`) ON `shop_1`.`product` TO `a`@`%`', 'no'],
  ['GRANT UPDATE (`sku`, `price`) ON `shop_1`.`product` TO `a`@`%`', 'no'],
])(
  'a grant on columns must name all that are needed: %s gives SELECT on sku and price: %s',
  (line, expected) => {
    expect(holds([line], 'SELECT', { ...shop, columns: ['sku', 'price'] })).toBe(expected);
    expect(holds([line], 'SELECT', shop)).toBe('no');
  },
);
