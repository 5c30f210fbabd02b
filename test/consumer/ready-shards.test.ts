import { expect, test } from 'vitest';
import { readyShards } from '../../consumer/ready-shards.ts';

const shards = [
  { id: 'a', parents: [] },
  { id: 'b', parents: ['a'] },
  { id: 'c', parents: ['a'] },
  { id: 'd', parents: ['b', 'c'] },
  { id: 'e', parents: ['forgotten'] },
];
const ready = (begun: string[], ended: string[]) =>
  readyShards(shards, new Set(begun), new Set(ended)).map(({ id }) => id);

test('a shard is read when all its parents are read to their end, or no longer kept', () => {
  expect(ready([], [])).toEqual(['a', 'e']);
  expect(ready(['a', 'e'], [])).toEqual([]);
  expect(ready(['a', 'e'], ['a'])).toEqual(['b', 'c']);
  expect(ready(['a', 'b', 'c', 'e'], ['a', 'b'])).toEqual([]);
  expect(ready(['a', 'b', 'c', 'e'], ['a', 'b', 'c'])).toEqual(['d']);
});
