import { expect, test } from 'vitest';
import { compileSnapshot } from '../../contexts/index.ts';
import { readTarget } from '../../contexts/read-target.ts';
import { configOf } from './sample.ts';

const config = configOf(`
upstreams:
  monolith: { url: http://127.0.0.1:3000 }
  one: { url: http://127.0.0.1:3001 }
contexts:
  inventory:
    upstream: one
    routes:
      - GET /inventory/:sku
      - GET /inventory/low
      - { match: GET /inventory/:sku/stock/:place, rewrite: '/v2/:place/items/:sku' }
      - { match: 'GET /inventory/:sku/touch', kind: write }
      - { match: 'POST /inventory/search', kind: read }
      - '* /inventory/:sku'
  files:
    upstream: one
    routes:
      - { match: 'GET /files/*', rewrite: '/store/*' }
      - GET /files/:name/info
      - { match: 'GET /%61-b/%7Ehome', rewrite: /home }
`);
const snapshot = compileSnapshot(config, { generation: 'g', revision: 1, contexts: {} });
const match = (method: string, target: string) => {
  const read = readTarget(snapshot.routes, { method, target });
  return read && 'route' in read ? read : undefined;
};
const routeOf = (method: string, target: string) => match(method, target)?.route;

test('`:name` is exactly one segment that is not empty', () => {
  expect(routeOf('GET', '/inventory/abc')).toBe('GET /inventory/:sku');
  expect(routeOf('GET', '/inventory/')).toBeUndefined();
  expect(routeOf('GET', '/inventory')).toBeUndefined();
  expect(routeOf('GET', '/inventory/abc/')).toBeUndefined();
  expect(routeOf('GET', '/inventory/a/b')).toBeUndefined();
});

test('a literal segment wins over `:name`, which wins over `*`, whatever the order they are written in', () => {
  expect(routeOf('GET', '/inventory/low')).toBe('GET /inventory/low');
  expect(routeOf('GET', '/files/a/info')).toBe('GET /files/:name/info');
  expect(routeOf('GET', '/files/a/other')).toBe('GET /files/*');
});

test('a more specific path that does not have the method leaves the request to a less specific one', () => {
  expect(routeOf('DELETE', '/inventory/low')).toBe('* /inventory/:sku');
  expect(routeOf('PUT', '/inventory/abc')).toBe('* /inventory/:sku');
});

test('`*` at the end matches whatever follows, also nothing, but not the folder without its slash', () => {
  expect(routeOf('GET', '/files/')).toBe('GET /files/*');
  expect(routeOf('GET', '/files/a/b/c')).toBe('GET /files/*');
  expect(routeOf('GET', '/files')).toBeUndefined();
});

test('upper and lower case differ', () => {
  expect(routeOf('GET', '/Inventory/abc')).toBeUndefined();
  expect(routeOf('get', '/files/a')).toBeUndefined();
});

test('HEAD matches routes of GET', () => {
  expect(match('HEAD', '/files/a')).toMatchObject({ route: 'GET /files/*', kind: 'read' });
});

test('GET, HEAD and OPTIONS are reads, the rest are writes, unless the route says otherwise', () => {
  const kindOf = (method: string, target: string) => match(method, target)?.kind;
  for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(kindOf(method, '/inventory/abc')).toBe('read');
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE'])
    expect(kindOf(method, '/inventory/abc')).toBe('write');
  expect(kindOf('GET', '/inventory/abc/touch')).toBe('write');
  expect(kindOf('POST', '/inventory/search')).toBe('read');
});

test('a request and a route are matched in their canonical form', () => {
  expect(routeOf('GET', '/x/../%69nventory/./abc')).toBe('GET /inventory/:sku');
  expect(routeOf('GET', '/a-b/~home')).toBe('GET /%61-b/%7Ehome');
});

test.each(['/inventory//abc', '/inventory/a%2fb', '/inventory/a%252f', '/inventory\\abc'])(
  '%s, which servers read in ways that lead elsewhere, matches no route',
  (target) => expect(routeOf('GET', target)).toBeUndefined(),
);

test.each(['/inventory/a;b', '/inventory/100%25', '/inventory/caf\xe9', '/files/a%2fb', '/files//a'])(
  '%s, which is one route’s however it is read, matches that route',
  (target) => expect(routeOf('GET', target)).toMatch(/^GET \/(inventory\/:sku|files\/\*)$/),
);

test('the service gets the canonical path and the query untouched', () => {
  expect(match('GET', '/x/../inventory/%7eabc?q=%7e&&a')?.path).toBe('/inventory/~abc?q=%7e&&a');
});

test('a rewrite takes the names from the route and keeps the query', () => {
  expect(match('GET', '/inventory/a%3ab/stock/x?q=%20')?.path).toBe('/v2/x/items/a%3Ab?q=%20');
  expect(match('GET', '/files/a/b/?x')?.path).toBe('/store/a/b/?x');
  expect(match('GET', '/files/')?.path).toBe('/store/');
});
