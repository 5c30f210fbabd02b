import { expect, it } from 'vitest';
import { translate } from '../../../demo/shop/translate-catalogue.ts';

const key = { aggregateType: 'product', aggregateId: 'zz' };
const row = (price: unknown) => ({ sku: 'zz', price });
const update = (before: unknown, after: unknown) =>
  translate({ op: 'update', table: 'products', before: row(before), after: row(after) }, key);

it('makes a new price of a changed row, and of a new one', () => {
  const changed = { type: 'PriceChanged', data: { sku: 'zz', price: '21.50' } };
  expect(update('21.00', '21.50')).toEqual(changed);
  expect(update(21, 21.5)).toEqual(changed);
  expect(translate({ op: 'insert', table: 'products', before: null, after: row('21.50') }, key)).toEqual(
    changed,
  );
});

it('says nothing of a row whose price stayed, nor of one that went', () => {
  expect(update('21.00', '21.00')).toBeUndefined();
  expect(
    translate({ op: 'delete', table: 'products', before: row('21.00'), after: null }, key),
  ).toBeUndefined();
});
