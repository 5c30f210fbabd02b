import { expect, test } from 'vitest';
import { parseJsonPath } from '../../contexts/index.ts';

const step = (selector: object, anyDepth = false) => ({ selector, anyDepth });
const name = (text: string) => ({ kind: 'name', name: text });
const any = { kind: 'any' };

test.each([
  ['$', []],
  ['$.a.b', [step(name('a')), step(name('b'))]],
  ['$.items[*].id', [step(name('items')), step(any), step(name('id'))]],
  ['$.items[0]', [step(name('items')), step({ kind: 'index', index: 0 })]],
  ['$[\'a b\']["c.d"]', [step(name('a b')), step(name('c.d'))]],
  [String.raw`$['it\'s']`, [step(name("it's"))]],
  ['$..ts', [step(name('ts'), true)]],
  ["$..['a b']", [step(name('a b'), true)]],
  ['$.*', [step(any)]],
  ['$..*', [step(any, true)]],
  ['$.größe', [step(name('größe'))]],
  ['updated-at', [step(name('updated-at'), true)]],
])('%s is a path', (text, path) => {
  expect(parseJsonPath(text)).toEqual(path);
});

test.each(['', '$.', '$a', '$.a[', '$.a[?(@.b)]', '$.a[1:2]', '$.a[-1]', '$.a-b', "$['a','b']", '$..'])(
  '%s is none',
  (text) => {
    expect(parseJsonPath(text)).toHaveProperty('mistake');
  },
);
