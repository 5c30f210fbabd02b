import { expect, test } from 'vitest';
import { canonicalTarget, ENDS_IN_SLASH, HAS_CAPITALS, scanTarget } from '../../contexts/target.ts';

test.each([
  ['/inventory/abc', '/inventory/abc', ''],
  ['/', '/', ''],
  ['/inventory/abc?x=%2f//..&y;z#', '/inventory/abc', '?x=%2f//..&y;z#'],
  ['/%69nventory/%41%2D%7e%5f9', '/inventory/A-~_9', ''],
  ['/a%3ab%c3%a4', '/a%3Ab%C3%A4', ''],
  ['/a/./b/../c', '/a/c', ''],
  ['/a/b/..', '/a/', ''],
  ['/a/%2e%2E/c', '/c', ''],
  ['/style.css/..b', '/style.css/..b', ''],
  ['/inventory/abc/', '/inventory/abc/', ''],
])('%s is read as %s', (target, path, query) => {
  expect(canonicalTarget(target)).toEqual({ path, query });
});

test.each([
  ['/a//b', 'empty-segment'],
  ['//evil/inventory', 'empty-segment'],
  ['/a%2Fb', 'encoded-slash'],
  ['/a%2fb', 'encoded-slash'],
  ['/a\\b', 'backslash'],
  ['/a%5Cb', 'backslash'],
  ['/a%00', 'control'],
  ['/a%0d%0a', 'control'],
  ['/%2561', 'double-encoding'],
  ['/100%', 'bad-escape'],
  ['/%zz', 'bad-escape'],
  ['/%u002f', 'bad-escape'],
  ['/a;v=1/b', 'parameter'],
  ['/a%3bv=1/b', 'parameter'],
  ['/style.css/...', 'trailing-dot'],
  ['/a./b', 'trailing-dot'],
  ['/a%2e', 'trailing-dot'],
  ['/a/..%20/b', 'trailing-dot'],
  ['/a%20/b', 'trailing-dot'],
  ['/a%ef%bc%8fb', 'full-width'],
  ['/a%EF%BD%9E', 'full-width'],
  ['/../a', 'out-of-root'],
  ['/a/../../b', 'out-of-root'],
  ['/a/%2e%2e/%2e%2e/b', 'out-of-root'],
  ['/%c0%ae%C0%AE/a', 'overlong'],
  ['/%e0%80%af', 'overlong'],
  ['/%f0%80%80%af', 'overlong'],
  ['/é', 'non-ascii'],
  ['/a#b', 'fragment'],
  ['http://host/inventory/abc', 'no-path'],
  ['*', 'no-path'],
  ['host:443', 'no-path'],
  ['', 'no-path'],
])('%j is odd: %s', (target, odd) => {
  expect(canonicalTarget(target)).toEqual({ odd });
});

test.each([
  ['/', 1, 0],
  ['/inventory/abc?x=//', 14, 0],
  ['/inventory/', 11, ENDS_IN_SLASH],
  ['/Inventory/?', 11, ENDS_IN_SLASH | HAS_CAPITALS],
  ['/.well-known/a.b..c', 19, 0],
  ['/a.b/c.d', 8, 0],
  ['/a./b', 5, undefined],
  ['/a/b.', 5, undefined],
  ['/a/b./', 6, undefined],
  ['/a/b.?x', 5, undefined],
  ['/a/..b', 6, undefined],
  ['/a/.', 4, undefined],
  ['/./a', 4, undefined],
  ['/a/..', 5, undefined],
  ['/a//b', 5, undefined],
  ['//', 2, undefined],
  ['/a%41', 5, undefined],
  ['/a;b', 4, undefined],
  ['/a\u0100', 3, undefined],
  ['?', 0, undefined],
  ['', 0, undefined],
])(
  'one look at %j sees how long the path is, and whether it has to be looked at more closely',
  (target, length, found) => {
    expect(scanTarget(target)).toBe(found === undefined ? -1 : length * 4 + found);
  },
);
