import { expect, test } from 'vitest';
import { changedTypes, mapText, nextMap, rowsOf } from '../../outbox/stream-map.ts';

const map = (stream: string, aggregates: Record<string, string> = {}) => ({ stream, aggregates });
const none = new Set<string>();

test('a stream has the rows of its types, and the own stream those of all others', () => {
  const shop = map('shop', { order: 'orders', refund: 'orders', user: 'people' });
  expect(rowsOf(shop, 'orders')).toEqual({ stream: 'orders', types: { only: ['order', 'refund'] } });
  expect(rowsOf(shop, 'shop')).toEqual({ stream: 'shop', types: { except: ['order', 'refund', 'user'] } });
  expect(rowsOf(shop, 'replays')).toEqual({ stream: 'replays', types: { only: [] } });
  // A type that stays on what is the own stream of the others now.
  expect(rowsOf(map('shop', { order: 'shop' }), 'shop').types).toEqual({ except: [] });
});

test('equal maps are equal texts, whatever their order', () => {
  expect(mapText(map('s', { b: 'x', a: 'y' }))).toBe(mapText(map('t', { a: 'y', b: 'x' })));
});

test('a type with pending events stays where it is, the others change', () => {
  const current = map('shop', { order: 'orders', user: 'people' });
  const wanted = map('shop', { order: 'other', item: 'items' });
  expect(changedTypes(current, wanted).toSorted()).toEqual(['item', 'order', 'user']);
  expect(nextMap(current, wanted, none)).toEqual(wanted);
  expect(nextMap(current, wanted, new Set(['order', 'item']))).toEqual(map('shop', { order: 'orders' }));
  expect(nextMap(current, wanted, new Set(['user']))).toEqual(
    map('shop', { order: 'other', item: 'items', user: 'people' }),
  );
});

test('where the stream of all others changes, a type with pending events stays on the old one by name', () => {
  const [current, wanted] = [map('old', { order: 'orders' }), map('new', { item: 'new' })];
  expect(nextMap(current, wanted, new Set(['item']))).toEqual(map('new', { item: 'old' }));
  expect(changedTypes(map('old'), map('new', { item: 'old' }))).toEqual([]);
});
