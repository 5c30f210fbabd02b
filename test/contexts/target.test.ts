import { expect, test } from 'vitest';
import { canonicalTarget } from '../../contexts/target.ts';

test.each([
  ['/inventory/abc', '/inventory/abc', ''],
  ['/', '/', ''],
  ['/inventory/abc?x=%2f//..&y;z#', '/inventory/abc', '?x=%2f//..&y;z#'],
  ['/%69nventory/%41%2D%7e%5f9', '/inventory/A-~_9', ''],
  ['/a%3ab%c3%a4', '/a%3Ab%C3%A4', ''],
  ['/a/./b/../c', '/a/c', ''],
  ['/a/b/..', '/a/', ''],
  ['/a/%2e%2E/c', '/c', ''],
  ['/style.css/...', '/style.css/...', ''],
  ['/inventory/abc/', '/inventory/abc/', ''],
])('%s is read as %s', (target, path, query) => {
  expect(canonicalTarget(target)).toEqual({ path, query });
});

test.each([
  '/a//b',
  '//evil/inventory',
  '/a%2Fb',
  '/a%2fb',
  '/a\\b',
  '/a%5Cb',
  '/a%00',
  '/a%0d%0a',
  '/%2561',
  '/100%',
  '/%zz',
  '/a;v=1/b',
  '/../a',
  '/a/../../b',
  '/é',
  '/a#b',
  'http://host/inventory/abc',
  '*',
  'host:443',
  '',
])('%j has no single reading', (target) => {
  expect(canonicalTarget(target)).toHaveProperty('doubt');
});
