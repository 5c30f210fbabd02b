import { expect, it } from 'vitest';
import { decide, parseConfig } from '../../contexts/index.ts';
import { shopAt, SHOP } from './sample.ts';

const check = (yaml: string) => {
  const parsed = parseConfig(yaml, () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);
};
const withRoute = (more: string) =>
  SHOP.replace('- GET /inventory/:sku', `- { match: 'GET /inventory/:sku', ${more} }`);
const withUpstream = (more: string) => SHOP.replace('timeout: 2s', `timeout: 2s, ${more}`);
const ROUTE = 'contexts.inventory.routes.0';

it('a route’s fields go with what the extracted service answers, and with nothing of the monolith', () => {
  const yaml = withRoute(
    'request: { set: { X-Shop: de }, remove: [X-Debug] }, response: { remove: [Server] }',
  );
  expect(check(yaml)).toEqual([]);
  const facts = { method: 'GET', target: '/inventory/a' };
  expect(decide(shopAt({ reads: { stage: 'extracted' } }, yaml), facts).edits).toEqual({
    request: { set: ['X-Shop', 'de'], names: new Set(['x-shop', 'x-debug']) },
    response: { set: [], names: new Set(['server']) },
    back: undefined,
  });
  expect(decide(shopAt({ reads: { stage: 'legacy' } }, yaml), facts).edits).toBeUndefined();
  expect(decide(shopAt({ reads: { stage: 'extracted' } }), facts).edits).toBeUndefined();
});

it.each([
  ['Host'],
  ['content-length'],
  ['Transfer-Encoding'],
  ['connection'],
  ['TE'],
  ['Upgrade'],
  ['Keep-Alive'],
  ['Trailer'],
  ['Via'],
  ['Forwarded'],
  ['X-Forwarded-For'],
  ['X_Forwarded_Proto'],
  ['X-Banyan-Pin'],
])('%s is not a route’s to set or to remove', (name) => {
  expect(check(withRoute(`request: { set: { '${name}': a } }`))).toEqual([
    expect.stringMatching(
      `^${ROUTE}.request.set.${name}: the name '${name}' is not possible; required: a field that`,
    ),
  ]);
  expect(check(withRoute(`response: { remove: ['${name}'] }`))).toEqual([
    expect.stringMatching(`^${ROUTE}.response.remove.0: found '${name}'; required: a field that is neither`),
  ]);
});

it('all that can’t be a field’s name or value is named at once', () => {
  const edits =
    "{ set: { 'X Y': a, 'X-A:': a, X-B: \"a\\r\\nX: b\", X-C: ' a', X-D: 'ä', X-E: 7, X-OK: 'a b' } }";
  expect(
    check(withRoute(`request: ${edits}`)).map((text) => text.replace(/ (found|required).*/s, '')),
  ).toEqual([
    `${ROUTE}.request.set.X Y: the name 'X Y' is not possible;`,
    `${ROUTE}.request.set.X-A:: the name 'X-A:' is not possible;`,
    `${ROUTE}.request.set.X-B:`,
    `${ROUTE}.request.set.X-C:`,
    `${ROUTE}.request.set.X-D:`,
    `${ROUTE}.request.set.X-E:`,
  ]);
});

it('a field that is named twice is a mistake, however it is spelled', () => {
  expect(check(withRoute('request: { set: { X-Shop: de, x_shop: at }, remove: [X-SHOP] }'))).toEqual([
    `${ROUTE}.request.set.x_shop: found 'at'; required: a field that is named once, in \`set\` or in \`remove\``,
    `${ROUTE}.request.remove.0: found 'X-SHOP'; required: a field that is named once, in \`set\` or in \`remove\``,
  ]);
});

it('an upstream may have a host and rewrites', () => {
  const rewrite = "{ location: ['http://old:1'], cookieDomain: { '*': '' }, cookiePath: { /app: / } }";
  for (const more of ['host: upstream', 'host: client', 'host: shop.internal:8080', "host: '[::1]:80'"])
    expect(check(withUpstream(more))).toEqual([]);
  expect(check(withUpstream(`rewrite: ${rewrite}`))).toEqual([]);
  expect(check(withUpstream('rewrite: { location: false }'))).toEqual([]);
});

it.each([
  ["host: 'a b'", 'host', "found 'a b'; required: client, upstream, or a host"],
  ["host: 'http://a'", 'host', "found 'http://a'; required: client, upstream, or a host"],
  [
    "rewrite: { location: ['http://a/b'] }",
    'rewrite.location.0',
    "found 'http://a/b'; required: a URL without a path",
  ],
  [
    "rewrite: { cookieDomain: { 'a b': c } }",
    'rewrite.cookieDomain.a b',
    'not possible; required: a domain, or \\* for any',
  ],
  [
    "rewrite: { cookieDomain: { a: 'b;c' } }",
    'rewrite.cookieDomain.a',
    "found 'b;c'; required: a domain, or '' for none",
  ],
  [
    'rewrite: { cookiePath: { app: / } }',
    'rewrite.cookiePath.app',
    'not possible; required: a path that begins with /',
  ],
  [
    "rewrite: { cookiePath: { /app: '/;x' } }",
    'rewrite.cookiePath./app',
    "found '/;x'; required: a path that begins with /",
  ],
])('%s is a mistake', (more, path, message) => {
  expect(check(withUpstream(more))).toEqual([
    expect.stringMatching(`^upstreams.inventory.${path}: .*${message}`),
  ]);
});
