import { expect, test } from 'vitest';
import { followNumbers } from '../../../outbox/completeness/chain.ts';

const row = (key: string, sequence: number | string | null) => ({ partition_key: key, sequence });

test('numbers that follow one another, from 1 on, leave no gap, and move the mark', () => {
  const seen = new Map([['b', 7n]]);
  expect(followNumbers([row('a', 1), row('b', 8), row('a', 2), row('c', null)], seen)).toEqual([]);
  expect([...seen]).toEqual([
    ['b', 8n],
    ['a', 2n],
  ]);
});

test('numbers that are stepped over are named, at the beginning too', () => {
  const seen = new Map([['b', 7n]]);
  expect(followNumbers([row('a', 3), row('b', '9007199254740999')], seen)).toEqual([
    { key: 'a', from: 1n, to: 2n },
    { key: 'b', from: 8n, to: 9007199254740998n },
  ]);
});

test('a window that is gone through twice finds nothing new', () => {
  const seen = new Map([['a', 5n]]);
  expect(followNumbers([row('a', 3), row('a', 5), row('a', 6)], seen)).toEqual([]);
  expect(seen.get('a')).toBe(6n);
});
