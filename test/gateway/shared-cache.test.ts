import { expect, test } from 'vitest';
import { keptPrivate, mayBeShared } from '../../gateway/shared-cache.ts';

const GET = { method: 'GET', authorized: false };
const control = (value: string) => ['Cache-Control', value];

test.each([
  ['says nothing', 200, []],
  ['says nothing and is a redirect for ever', 308, []],
  ['says nothing and is not there', 404, []],
  ['is fresh for a while', 200, control('max-age=60')],
  ['is fresh for a while, whatever its status', 500, control('max-age=60')],
  ['expires', 302, ['expires', 'Thu, 01 Jan 2099 00:00:00 GMT']],
  ['is public', 302, control('public')],
  ['must be asked for again', 200, control('no-cache')],
  ['keeps one field private', 200, control('private="x-user"')],
  ['mentions private in a value', 200, control('x="private"')],
  ['must be understood', 200, control('no-store, must-understand')],
  ['has an order for CDNs', 200, [...control('no-store'), 'CDN-Cache-Control', 'max-age=60']],
  ['has an order for one CDN', 200, [...control('private'), 'Acme-CDN-Cache-Control', 'max-age=60']],
  ['has an order for surrogates', 200, [...control('private'), 'Surrogate-Control', 'max-age=60']],
  ['changes a stored answer', 304, control('private')],
])('a shared cache may store an answer that %s', (_what, status, fields) => {
  expect(mayBeShared(GET, status, fields)).toBe(true);
});

test.each([
  ['is not to be stored', 200, control('no-store, no-cache, must-revalidate')],
  [
    'is not to be stored, in capitals and a second field',
    200,
    [...control('max-age=9'), 'cache-control', 'No-Store'],
  ],
  ['is private', 200, control('max-age=60, private')],
  ['says nothing, of a status that nobody keeps by himself', 302, []],
  ['says nothing and is an error', 500, []],
])('no shared cache may store one that %s', (_what, status, fields) => {
  expect(mayBeShared(GET, status, fields)).toBe(false);
});

test('an answer to who is authorised is shared only where it says so', () => {
  const authorized = { ...GET, authorized: true };
  expect(mayBeShared(authorized, 200, control('max-age=60'))).toBe(false);
  for (const open of ['public', 's-maxage=60', 'must-revalidate, max-age=60'])
    expect(mayBeShared(authorized, 200, control(open))).toBe(true);
});

test('an answer to another method than GET and HEAD is shared only where it says how long', () => {
  const post = { ...GET, method: 'POST' };
  expect(mayBeShared(post, 200, [])).toBe(false);
  expect(mayBeShared(post, 200, control('max-age=60'))).toBe(true);
  expect(mayBeShared({ ...GET, method: 'HEAD' }, 200, [])).toBe(true);
});

test.each([
  ['nothing', [], 'private'],
  ['public, max-age=60', control('public, max-age=60'), 'private, max-age=60'],
  ['s-maxage="60", private="a, b"', control('s-maxage="60", private="a, b"'), 'private'],
  ['two fields', [...control('no-cache'), 'X', 'y', 'cache-control', 'S-MaxAge=5'], 'private, no-cache'],
  ['no-store', control('no-store'), 'private, no-store'],
])('%s becomes private', (_what, fields, value) => {
  const kept = keptPrivate(['A', 'b', ...fields, 'CDN-Cache-Control', 'max-age=1', 'Surrogate-Control', 'x']);
  expect(kept.slice(-2)).toEqual(['Cache-Control', value]);
  expect(kept.filter((name) => /control/i.test(name))).toEqual(['Cache-Control']);
  expect(kept.slice(0, 2)).toEqual(['A', 'b']);
  expect(mayBeShared(GET, 200, kept)).toBe(false);
});
