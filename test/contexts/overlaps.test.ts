import { expect, test } from 'vitest';
import { compileSnapshot, explain, parseConfig } from '../../contexts/index.ts';
import { configOf } from './sample.ts';

const UPSTREAMS = `upstreams: { monolith: { url: http://127.0.0.1:1 }, a: { url: http://127.0.0.1:2 }, b: { url: http://127.0.0.1:3 } }`;
const listed = (route: string) => `      - ${route.startsWith('{') ? route : `'${route}'`}\n`;
const yamlOf = (a: readonly string[], b: readonly string[]) =>
  `${UPSTREAMS}\ncontexts:\n  a:\n    upstream: a\n    reads: extracted\n    routes:\n${a.map(listed).join('')}` +
  `  b:\n    upstream: b\n    reads: extracted\n    routes:\n${b.map(listed).join('')}`;
/** The mistakes of two contexts with these routes; those of `a` begin on line 7. */
const mistakes = (a: readonly string[], b: readonly string[] = ['GET /other']) => {
  const parsed = parseConfig(yamlOf(a, b), () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ line, message }) => `${line} ${message}`);
};
/** Which context's route a request matches, and which route. */
const winner = (
  a: readonly string[],
  b: readonly string[],
  request: { target: string; method?: string; headers?: Record<string, string> },
) => {
  const snapshot = compileSnapshot(configOf(yamlOf(a, b)), { generation: 'g', revision: 1, contexts: {} });
  const { context, doubt } = explain(snapshot, { method: 'GET', ...request });
  return doubt ? doubt.kind : context;
};

test.each([
  [
    'the same path',
    ['GET /x/:id'],
    ['GET /x/:other'],
    "8 route 'GET /x/:other' matches the same requests as 'GET /x/:id' of context 'a' (line 7)",
  ],
  [
    'the same host',
    ['{ match: GET /x, host: Shop.example }'],
    ['{ match: GET /x, host: shop.EXAMPLE }'],
    'matches the same requests as',
  ],
  [
    'the same conditions',
    ["{ match: GET /x, header: { X-A: '1', X-B: true } }"],
    ["{ match: GET /x, header: { x-b: true, x-a: '1' } }"],
    'matches the same requests as',
  ],
  [
    'different fields',
    ['{ match: GET /x, header: { X-A: true } }'],
    ['{ match: GET /x, query: { v: true } }'],
    "route 'GET /x' (query v) can match the same request as 'GET /x' of context 'a' (line 7) (header x-a), and neither is the more specific",
  ],
  ['case alone', ['GET /x/:id'], ['GET /X/:id'], 'in upper and lower case or a slash at the end alone'],
  ['a slash alone', ['GET /x/:id'], ['* /x/:id/'], 'in upper and lower case or a slash at the end alone'],
  ['escapes alone', ['GET /caf%C3%A9'], ['GET /caf%c3%a9'], 'matches the same requests as'],
  [
    'nothing left',
    ['GET /x/*'],
    ['GET /x/', '* /x/:id', 'GET /x/:id/*'],
    "7 route 'GET /x/*' can never win: 'GET /x/' of context 'b' (line 12), '* /x/:id' of context 'b' (line 13), 'GET /x/:id/*' of context 'b' (line 14) take whatever it could match",
  ],
  [
    'nothing left one deeper',
    ['GET /*'],
    ['GET /', 'GET /:a', 'GET /:a/', 'GET /:a/:b', 'GET /:a/:b/*'],
    'can never win',
  ],
])('%s is a mistake with its line that names the other with its line', (_name, a, b, message) => {
  const found = mistakes(a, b);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(message.replace(/^8 /, '12 '));
});

test('all of them are named at once', () => {
  const found = mistakes(
    ['GET /x', 'GET /y', '{ match: GET /z, header: { X-A: true } }', 'GET /w/*'],
    ['GET /x', 'GET /Y', '{ match: GET /z, header: { X-B: true } }', 'GET /w/', 'GET /w/:a', 'GET /w/:a/*'],
  );
  expect(found.map((mistake) => mistake.split(' ', 1)[0])).toEqual(['10', '15', '16', '17']);
});

test.each([
  ['another method', ['GET /x'], ['POST /x']],
  ['HEAD beside GET', ['GET /x'], ['HEAD /x']],
  ['a method beside any', ['GET /x'], ['* /x']],
  ['another host', ['GET /x'], ['{ match: GET /x, host: shop.example }']],
  [
    'a host below it',
    ['{ match: GET /x, host: shop.example }'],
    ["{ match: GET /x, host: '*.shop.example' }"],
  ],
  [
    'one asking more',
    ['{ match: GET /x, header: { X-A: true } }'],
    ["{ match: GET /x, header: { X-A: '1' }, query: { v: '2' } }"],
  ],
  ['another value', ["{ match: GET /x, query: { v: '1' } }"], ["{ match: GET /x, query: { v: '2' } }"]],
  ['a literal beside a name', ['GET /x/:id'], ['GET /x/new']],
  ['crossing paths, which the order from the left decides', ['GET /x/:id/edit'], ['GET /x/new/:part']],
  ['a slash at the end within one context', ['GET /x', 'GET /x/'], ['GET /y']],
  ['most of a folder', ['GET /x/*'], ['GET /x/:id', 'GET /x/:id/*']],
  ['a folder of another method', ['* /x/*'], ['GET /x/', 'GET /x/:id', 'GET /x/:id/*']],
  [
    'a folder where more is asked',
    ['GET /x/*'],
    ['GET /x/', "{ match: GET /x/:id, query: { v: '1' } }", 'GET /x/:id/*'],
  ],
])('%s is no mistake', (_name, a, b) => {
  expect(mistakes(a, b)).toEqual([]);
});

test.each([
  [
    "{ match: GET /x, host: 'shop.example:80' }",
    'a host such as shop.example or *.shop.example, without a port',
  ],
  ['{ match: GET /x, host: "shop.*" }', 'a host such as shop.example'],
  ['{ match: GET /x, header: { X-A: 2 } }', 'required: a text, or true'],
  ['{ match: GET /x, query: { v: false } }', 'required: a text, or true'],
  ["{ match: GET /x, header: { 'X A': true } }", "no header field can have the name 'X A'"],
  ["{ match: GET /x, header: { X-A: ' 1' } }", 'no header field can have this value'],
  ["{ match: GET /x, header: { X-A: '1', x-a: '2' } }", 'stands there twice'],
  ['{ match: GET /x, header: { Host: shop.example } }', 'a host is written as `host:` of the route'],
])('%s is a mistake', (route, message) => {
  expect(mistakes([route])).toEqual([expect.stringContaining(message)]);
});

const HOSTS = [
  [
    '{ match: GET /x, host: shop.example }',
    "{ match: GET /x, host: '*.shop.example' }",
    '{ match: GET /y/:id, host: shop.example }',
  ],
  ['GET /x', "{ match: GET /x, host: '*.example' }", 'GET /y/new'],
] as const;
test.each([
  ['shop.example', 'a'],
  ['Shop.Example:8080', 'a'],
  ['shop.example.', 'a'],
  ['eu.shop.example', 'a'],
  ['a.b.shop.example', 'a'],
  ['other.example', 'b'],
  ['example', 'b'],
  ['notshop.example', 'b'],
  ['[::1]:80', 'b'],
  ['a b', 'b'],
])('of hosts the most specific wins: %s', (host, context) => {
  expect(winner(...HOSTS, { target: '/x', headers: { host } })).toBe(context);
});

test('the host goes before the path, and a request that no route of its host matches is left to the others', () => {
  expect(winner(...HOSTS, { target: '/y/new', headers: { host: 'shop.example' } })).toBe('a');
  expect(winner(...HOSTS, { target: '/y/new', headers: { host: 'other.example' } })).toBe('b');
  expect(winner(...HOSTS, { target: '/x', headers: {} })).toBe('b');
  expect(winner(...HOSTS, { target: 'http://shop.example/x', headers: { host: 'other.example' } })).toBe('a');
});

const ASKS = [
  [
    "{ match: GET /x, header: { X-Api: '2' } }",
    "{ match: GET /x, header: { X-Api: '2', X-Beta: true } }",
    "{ match: GET /q, query: { 'v 1': 'ä' } }",
  ],
  [
    'GET /x',
    'GET /q',
    '{ match: GET /x, header: { X-Api: true } }',
    '{ match: POST /q, query: { v: true } }',
  ],
] as const;
test.each([
  [{ target: '/x', headers: { 'x-api': '2' } }, 'a'],
  [{ target: '/x', headers: { 'x-api': '2', 'x-beta': '' } }, 'a'],
  [{ target: '/x', headers: { 'x-api': '3' } }, 'b'],
  [{ target: '/x', headers: { 'x-api': '2, 2' } }, 'b'],
  [{ target: '/x', headers: {} }, 'b'],
  [{ target: '/x' }, 'b'],
  [{ target: '/q?v%201=%C3%A4' }, 'a'],
  [{ target: '/q?a=b&v+1=%c3%a4&c' }, 'a'],
  [{ target: '/q?v+1=%c3%a4&v+1=%c3%a4' }, 'a'],
  [{ target: '/q?v+1=b' }, 'b'],
  [{ target: '/q?%zz' }, 'b'],
  [{ target: '/q' }, 'b'],
  [{ target: '/q?v+1=%c3%a4&v+1=b' }, 'query'],
  [{ target: '/q?v+1=b&v+1=%c3%a4' }, 'query'],
  [{ target: '/q?a=1;v+1=%c3%a4' }, 'query'],
  [{ target: '/q?a=1;b&a=2' }, 'b'],
  [{ target: '/q?v', method: 'POST' }, 'b'],
  [{ target: '/q', method: 'POST' }, undefined],
] as const)('header and query decide: %j', (request, context) => {
  expect(winner(...ASKS, request)).toBe(context);
});

test('a route that asks for a secret value shows it to nobody', () => {
  const yaml = yamlOf(
    ["{ match: GET /x, header: { X-Key: '${KEY}' } }"],
    ['{ match: GET /x, header: { X-Other: true } }'],
  );
  const parsed = parseConfig(yaml, () => 'hidden');
  expect(parsed.ok).toBe(false);
  expect(JSON.stringify(parsed)).not.toContain('hidden');
});
