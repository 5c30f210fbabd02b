import { expect, test } from 'vitest';
import { watchStock } from '../../../demo/live/watch-stock.ts';

const items = ['banyan', 'fiddle', 'zz'].map((sku) => ({ sku, available: 4, price: '1.00' }));

test('a page sees the products that it asks for, and all pages share a reading', async () => {
  let readings = 0;
  const stock = watchStock(async () => {
    readings += 1;
    return items;
  });
  const two = stock(new URL('http://shop/inventory/live?sku=zz&sku=banyan&sku=none'));
  const none = stock(new URL('http://shop/inventory/live'));
  expect(await Promise.all([two(), none()])).toEqual([{ items: [items[0], items[2]] }, { items: [] }]);
  expect(readings).toBe(1);
  await two();
  expect(readings).toBe(2);
});

test('a reading that failed is not kept', async () => {
  let broken = true;
  const look = watchStock(() => (broken ? Promise.reject(new Error('away')) : Promise.resolve(items)))(
    new URL('http://shop/inventory/live?sku=zz'),
  );
  await expect(look()).rejects.toThrow('away');
  broken = false;
  expect(await look()).toEqual({ items: [items[2]] });
});
