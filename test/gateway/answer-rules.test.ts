import { expect, test } from 'vitest';
import { editsOf } from '../../contexts/route-edits.ts';
import { answerRules, hostFor } from '../../gateway/forwarding/answer-rules.ts';

type Back = Parameters<NonNullable<ReturnType<typeof answerRules>['link']>>[1];
const HOST = { host: 'Shop.example' };
/** What becomes of a link for a client at shop.example. */
const linkFor =
  (rules: ReturnType<typeof answerRules>) =>
  (value: string, back?: Back, asked: Record<string, string> = HOST) =>
    rules.link!(value, back, asked);
const link = linkFor(answerRules({ url: 'http://10.0.0.3:3000' }));

test.each([
  ['http://10.0.0.3:3000/login?next=%2Fa#top', '/login?next=%2Fa#top'],
  ['HTTP://10.0.0.3:3000/login', '/login'],
  ['https://10.0.0.3:3000/login', '/login'],
  ['//10.0.0.3:3000/login', '/login'],
  ['http://10.0.0.3:3000', '/'],
  ['http://10.0.0.3:3000?a', '/?a'],
  ['http://10.0.0.3:3000#a', '/#a'],
])('a link to the upstream itself leads to the public site: %s → %s', (value, expected) => {
  expect(link(value, undefined)).toBe(expected);
});

test.each([
  'http://10.0.0.3/login',
  'http://10.0.0.3:30000/login',
  'http://10.0.0.3:3000@evil.example/login',
  'http://evil.example/?http://10.0.0.3:3000/',
  'https://login.example/sso?back=http://10.0.0.3:3000/',
  'ftp://10.0.0.3:3000/a',
  '/login',
  'login',
  '../a?b',
  '//cdn.example/a',
  '',
])('any other link stays as it is: %s', (value) => {
  expect(link(value, undefined)).toBe(value);
});

test.each([
  ['http://10.0.0.3:3000//evil.example/a', '/.//evil.example/a'],
  [String.raw`http://10.0.0.3:3000/\evil.example`, String.raw`/./\evil.example`],
])('a link to itself never becomes one to another site: %s', (value, expected) => {
  expect(link(value, undefined)).toBe(expected);
  expect(new URL(link(value, undefined), 'http://shop.example/x').host).toBe('shop.example');
});

test('default ports, the host that it is given, and origins that are named are its own too', () => {
  const rules = answerRules({
    url: 'http://inner',
    host: 'shop.internal:81',
    rewrite: { location: ['https://old.example'], cookieDomain: {}, cookiePath: {} },
  });
  for (const origin of ['http://inner', 'http://inner:80', 'https://inner:443', 'http://shop.internal:81'])
    expect(linkFor(rules)(`${origin}/a`, undefined)).toBe('/a');
  expect(linkFor(rules)('https://old.example:443/a', undefined)).toBe('/a');
  expect(linkFor(rules)('http://inner:443/a', undefined)).toBe('http://inner:443/a');
});

test('a link to the public site keeps its origin: it may be the way to https', () => {
  const rules = linkFor(answerRules({ url: 'http://shop.example' }));
  for (const value of ['https://shop.example/a', 'http://shop.example:80//b', '//SHOP.example/c'])
    expect(rules(value)).toBe(value);
  expect(rules('https://shop.example/a', undefined, { host: 'www.shop.example' })).toBe('/a');
  const routes = [{ match: 'GET /stock/:sku', rewrite: '/v2/items/:sku' }];
  const { back } = editsOf({ routes }).get(routes[0]!)!;
  expect(link('https://shop.example/v2/items/1?a#b', back)).toBe('https://shop.example/stock/1?a#b');
  const behind = { host: 'gateway:8080', 'x-forwarded-host': 'shop.example' };
  expect(link('https://shop.example/v2/items/1', back, behind)).toBe('https://shop.example/stock/1');
  expect(link('https://other.example/v2/items/1', back, behind)).toBe('https://other.example/v2/items/1');
  const liar = { host: 'shop.example', 'x-forwarded-host': '10.0.0.3:3000' };
  expect(link('http://10.0.0.3:3000/login', undefined, liar)).toBe('/login');
});

test('with location: false links are left alone', () => {
  const rewrite = { location: false, cookieDomain: {}, cookiePath: {} };
  expect(answerRules({ url: 'http://inner', rewrite })).toEqual({ link: undefined, cookie: undefined });
});

test('Host is the client’s, the upstream’s own, or what is given', () => {
  const url = 'http://inner:3000';
  expect([undefined, 'client', 'upstream', 'a:1'].map((host) => hostFor({ url, host }))).toEqual([
    undefined,
    undefined,
    'inner:3000',
    'a:1',
  ]);
});

test('paths of a rewrite lead back to what clients know, the route’s own first', () => {
  const routes = [
    { match: 'GET /stock/:sku', rewrite: '/v2/items/:sku' },
    { match: 'GET /lager/:sku', rewrite: '/v2/items/:sku' },
    { match: 'GET /files/*', rewrite: '/v2/blobs/*' },
    { match: 'GET /lost/:a/:b', rewrite: '/v2/lost/:a' },
    { match: 'POST /stock' },
  ];
  const edits = editsOf({ routes });
  const back = (index: number, value: string) => link(value, edits.get(routes[index]!)!.back);
  expect(back(0, '/v2/items/1?x=/v2/items/2')).toBe('/stock/1?x=/v2/items/2');
  expect(back(1, 'http://10.0.0.3:3000/v2/items/1#a')).toBe('/lager/1#a');
  expect(back(4, '/v2/items/1')).toBe('/stock/1');
  expect(back(0, '/v2/blobs/a/b%20c')).toBe('/files/a/b%20c');
  expect(back(0, '/v2/blobs')).toBe('/v2/blobs');
  expect(back(0, '/v2/blobs//evil.example')).toBe('/files//evil.example');
  for (const other of ['/v2/lost/1', '/v2/items/', '/v2/items/1/2', '/v2', '/', 'http://x/v2/items/1'])
    expect(back(0, other)).toBe(other);
});

test('a whole site that was rewritten can’t lead back to another host', () => {
  const routes = [{ match: 'GET /*', rewrite: '/v2/*' }];
  const { back } = editsOf({ routes }).get(routes[0]!)!;
  expect(link('/v2//evil.example', back)).toBe('/.//evil.example');
});

test('a cookie’s Domain and Path become the public ones, and nothing else of it changes', () => {
  const { cookie } = answerRules({
    url: 'http://inner',
    rewrite: {
      location: true,
      cookieDomain: { inner: 'shop.example', 'gone.example': '' },
      cookiePath: { '/app': '/', '/app/admin': '/office', '/x/': '/y' },
    },
  });
  for (const [value, expected] of [
    ['sid=a=b; Domain=inner; Path=/app; HttpOnly', 'sid=a=b; Domain=shop.example; Path=/; HttpOnly'],
    ['sid=1;domain=.INNER;path=/app/cart', 'sid=1; Domain=shop.example; Path=/cart'],
    ['sid=1; Domain=gone.example; Secure', 'sid=1; Secure'],
    ['sid=1; Path=/app/admin/x', 'sid=1; Path=/office/x'],
    ['sid=1; Path=/apple', 'sid=1; Path=/apple'],
    ['sid=1; Path=/app/', 'sid=1; Path=/'],
    ['sid=1; Path=/x', 'sid=1; Path=/y'],
    ['sid=1; Domain=other.example; SameSite=Lax', 'sid=1; Domain=other.example; SameSite=Lax'],
    ['Domain=inner', 'Domain=inner'],
    ['sid=1; Secure;', 'sid=1; Secure;'],
    ['sid=1; Domain', 'sid=1; Domain'],
  ] as const)
    expect(cookie!(value)).toBe(expected);
});

test('* is any Domain, and / as a Path moves all cookies below another', () => {
  const { cookie } = answerRules({
    url: 'http://inner',
    rewrite: { location: true, cookieDomain: { '*': '' }, cookiePath: { '/': '/shop' } },
  });
  expect(cookie!('a=1; Domain=any.example; Path=/')).toBe('a=1; Path=/shop');
  expect(cookie!('a=1; Path=/cart')).toBe('a=1; Path=/shop/cart');
});
