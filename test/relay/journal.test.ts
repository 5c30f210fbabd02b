import { expect, test } from 'vitest';
import { judge, type Entry } from './journal.ts';

const entry = (key: string, n: number): Entry => ({ key, n, id: `${key}${n}` });

test('a late duplicate is counted, and is no reordering', () => {
  const journal = [entry('a', 1), entry('a', 2), entry('b', 1)];
  const stream = [entry('a', 1), entry('b', 1), entry('a', 2), entry('a', 1)];
  expect(judge(journal, stream)).toEqual({
    committed: 3,
    records: 4,
    lost: [],
    reordered: [],
    phantoms: [],
    duplicated: 1,
  });
});

test('what is missing, inverted or was never committed is found', () => {
  const verdict = judge(
    [entry('a', 1), entry('a', 2), entry('b', 1)],
    [entry('a', 2), entry('a', 1), entry('c', 1)],
  );
  expect(verdict).toMatchObject({
    lost: [entry('b', 1)],
    reordered: [entry('a', 1)],
    phantoms: [entry('c', 1)],
  });
});
