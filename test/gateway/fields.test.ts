import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { compileEdits } from '../../contexts/field-edits.ts';
import { trustIn } from '../../gateway/client-address.ts';
import {
  informationFields,
  requestFields,
  responseFields,
  trailerFields,
  upgradeFields,
} from '../../gateway/forwarding/fields.ts';

const request = (rawHeaders: string[], more: object = {}) =>
  ({
    rawHeaders,
    headers: Object.fromEntries(
      rawHeaders.flatMap((name, index) => (index % 2 ? [] : [[name.toLowerCase(), rawHeaders[index + 1]]])),
    ),
    socket: { remoteAddress: '::ffff:10.0.0.7' },
    httpVersion: '1.1',
    ...more,
  }) as unknown as IncomingMessage;

const VIA = ['Via', '1.1 banyan'];

const get = { method: 'GET', httpVersionMinor: 1 };

const OURS = [
  'X-Forwarded-For',
  '10.0.0.7',
  'X-Forwarded-Proto',
  'http',
  'X-Forwarded-Host',
  'shop',
  'X-Forwarded-Port',
  '80',
  'Forwarded',
  'for=10.0.0.7;host=shop;proto=http',
  'Via',
  '1.1 banyan',
];

test('fields keep their order, spelling and repetition, and Host stays the client’s', () => {
  const raw = ['X-B', '1', 'Host', 'shop', 'x-a', '2', 'X-B', '3'];
  expect(requestFields(request(raw))).toEqual([...raw, ...OURS]);
});

test('hop-by-hop fields and those that Connection names are removed, both ways', () => {
  const raw = [
    'Host',
    'shop',
    'Connection',
    'close, X-Once',
    'connection',
    'Keep-Alive',
    'Keep-Alive',
    'timeout=5',
  ];
  raw.push(
    'Proxy-Connection',
    'close',
    'TE',
    'trailers',
    'Transfer-Encoding',
    'chunked',
    'x-once',
    '1',
    'X-Stays',
    '2',
  );
  expect(requestFields(request(raw))).toEqual(['Host', 'shop', 'X-Stays', '2', ...OURS]);
  expect(responseFields(raw, get, 200)).toEqual(['Host', 'shop', 'X-Stays', '2', ...VIA]);
});

test('Connection can’t take away Host or Content-Length', () => {
  const raw = ['Host', 'shop', 'Connection', 'host, content-length', 'Content-Length', '3'];
  expect(requestFields(request(raw))).toEqual(['Host', 'shop', 'Content-Length', '3', ...OURS]);
});

test('what the client says about where it comes from is replaced', () => {
  const raw = [
    'Host',
    'shop',
    'X-Forwarded-For',
    '1.2.3.4',
    'x-forwarded-proto',
    'https',
    'Forwarded',
    'for=1.2.3.4',
  ];
  expect(requestFields(request([...raw, 'X-Forwarded-Host', 'evil']))).toEqual(['Host', 'shop', ...OURS]);
});

test('bytes beyond ASCII in a response’s fields stay as they are', () => {
  expect(responseFields([Buffer.from('X-Name'), Buffer.from([0xe4, 0xc3, 0xa4])], get, 200)).toEqual([
    'X-Name',
    'äÃ¤',
    ...VIA,
  ]);
});

test('an upgrade keeps exactly its own Connection and Upgrade', () => {
  const raw = [
    'Host',
    'shop',
    'Connection',
    'keep-alive, Upgrade',
    'Upgrade',
    'websocket',
    'X-A',
    '1',
    'X-A',
    '2',
  ];
  expect(upgradeFields(request(raw))).toMatchObject({
    host: 'shop',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'x-a': ['1', '2'],
    'x-forwarded-for': '10.0.0.7',
  });
});

test('Trailer stays only with a chunked body', () => {
  const raw = ['Trailer', 'X-T', 'X-A', '1'];
  expect(responseFields(raw, get, 200)).toEqual([...raw, ...VIA]);
  expect(responseFields([...raw, 'Content-Length', '1'], get, 200)).toEqual([
    'X-A',
    '1',
    'Content-Length',
    '1',
    ...VIA,
  ]);
  expect(responseFields(raw, { method: 'HEAD', httpVersionMinor: 1 }, 200)).toEqual(['X-A', '1', ...VIA]);
  expect(responseFields(raw, get, 204)).toEqual(['X-A', '1', ...VIA]);
  expect(responseFields(raw, { method: 'GET', httpVersionMinor: 0 }, 200)).toEqual(['X-A', '1', ...VIA]);
  expect(requestFields(request(['Host', 'shop', ...raw]))).toEqual(['Host', 'shop', 'X-A', '1', ...OURS]);
});

const PROXIES = { trust: trustIn(['10.0.0.0/8']) };
/** What an upstream is told of where the request comes from, by name. */
const told = (raw: string[], rules = PROXIES) => {
  const fields = requestFields(request(raw), rules);
  const found: Record<string, string> = {};
  for (let index = 0; index < fields.length; index += 2)
    if (/^(x-)?forwarded/i.test(fields[index]!)) found[fields[index]!.toLowerCase()] = fields[index + 1]!;
  return found;
};

test('what a trusted proxy says is kept, and the proxy is added to it', () => {
  const raw = ['Host', 'shop:8080', 'X-Forwarded-For', '6.6.6.6, 198.51.100.9', 'X-Forwarded-Proto', 'https'];
  expect(told([...raw, 'X-Forwarded-Host', 'www.shop', 'X-Forwarded-Prefix', '/de'])).toEqual({
    'x-forwarded-for': '6.6.6.6, 198.51.100.9, 10.0.0.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'www.shop',
    'x-forwarded-port': '443',
    'x-forwarded-prefix': '/de',
    forwarded: 'for=6.6.6.6, for=198.51.100.9, for=10.0.0.7;host="shop:8080";proto=http',
  });
  expect(told([...raw, 'X-Forwarded-Port', '8443'])['x-forwarded-port']).toBe('8443');
  expect(told(['Host', 'shop:8080'])).toEqual({
    'x-forwarded-for': '10.0.0.7',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop:8080',
    'x-forwarded-port': '8080',
    forwarded: 'for=10.0.0.7;host="shop:8080";proto=http',
  });
});

test('Forwarded of a trusted proxy is kept and says the same in the other notation', () => {
  const forwarded = 'for="[2001:db8::9]:5000";proto=https;by=_lb';
  expect(told(['Host', 'shop', 'Forwarded', forwarded])).toEqual({
    'x-forwarded-for': '[2001:db8::9]:5000, 10.0.0.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop',
    'x-forwarded-port': '443',
    forwarded: `${forwarded}, for=10.0.0.7;host=shop;proto=http`,
  });
  const both = ['Host', 'shop', 'X-Forwarded-For', '198.51.100.9', 'Forwarded'];
  expect(told([...both, 'for=198.51.100.9;by=_lb'])['forwarded']).toMatch(/^for=198.51.100.9;by=_lb, /);
});

test('a Forwarded that says something else than X-Forwarded-For is the client’s own, and goes', () => {
  const raw = ['Host', 'shop', 'X-Forwarded-For', '198.51.100.9', 'Forwarded', 'for=6.6.6.6'];
  expect(told(raw)).toMatchObject({
    'x-forwarded-for': '198.51.100.9, 10.0.0.7',
    forwarded: 'for=198.51.100.9, for=10.0.0.7;host=shop;proto=http',
  });
  expect(told(['Host', 'shop', 'Forwarded', 'for="open'])).toMatchObject({
    'x-forwarded-for': '10.0.0.7',
    forwarded: 'for=10.0.0.7;host=shop;proto=http',
  });
});

test('all that an untrusted client says of it goes, whatever its name ends in', () => {
  const raw = ['Host', 'shop', 'X-Forwarded-Port', '1', 'X-Forwarded-Prefix', '/a', 'x-forwarded-ssl', 'on'];
  expect(requestFields(request(raw))).toEqual(['Host', 'shop', ...OURS]);
});

test.each([
  'X_Forwarded_For',
  'x-forwarded_for',
  'X_Forwarded-Proto',
  'X-Banyan-Pin',
  'X_Banyan_Pin',
  'x-banyan_shadow',
])('%s looks like one of our own fields and goes, from a trusted proxy too', (name) => {
  expect(requestFields(request(['Host', 'shop', name, '1']))).toEqual(['Host', 'shop', ...OURS]);
  expect(requestFields(request(['Host', 'shop', name, '1']), PROXIES)).not.toContain(name);
});

test.each(['X_Custom', 'X-Forward', 'X-Ban', 'User_Id', 'Forwarded-By', 'Tea', 'Hosts', 'traceparent'])(
  '%s is nobody’s, and stays',
  (name) => {
    expect(requestFields(request(['Host', 'shop', name, '1']))).toEqual(['Host', 'shop', name, '1', ...OURS]);
  },
);

test('Via names the version that the client speaks, after what is there', () => {
  const raw = ['Host', 'shop', 'Via', '1.1 edge'];
  expect(requestFields(request(raw, { httpVersionMinor: 0 })).slice(-2)).toEqual(['Via', '1.0 banyan']);
  expect(requestFields(request(raw)).filter((text) => /^1.1 /.test(text))).toEqual([
    '1.1 edge',
    '1.1 banyan',
  ]);
});

test('two requests of one connection to two hosts are told apart', () => {
  const { socket } = request([]);
  for (const host of ['a', 'b', 'a'])
    expect(requestFields(request(['Host', host], { socket }))).toContain(
      `for=10.0.0.7;host=${host};proto=http`,
    );
});

test('an IPv6 client, and a host that is no token, are quoted in Forwarded', () => {
  const raw = ['Host', '[::1]:8080'];
  const fields = requestFields(request(raw, { socket: { remoteAddress: '2001:db8::9', encrypted: true } }));
  expect(fields).toContain('for="[2001:db8::9]";host="[::1]:8080";proto=https');
  expect(fields).toContain('https');
  expect(fields[fields.indexOf('X-Forwarded-Port') + 1]).toBe('8080');
});

test('an upstream with a host of its own gets that, and the client’s in X-Forwarded-Host', () => {
  const fields = requestFields(request(['X-A', '1', 'host', 'shop']), { host: 'inner:3000' });
  expect(fields.slice(0, 4)).toEqual(['X-A', '1', 'host', 'inner:3000']);
  expect(fields).toContain('shop');
  expect(requestFields(request([]), { host: 'inner' }).slice(0, 2)).toEqual(['Host', 'inner']);
});

test('a route’s fields stand in place of the client’s, look-alikes included; what it removes goes', () => {
  const edits = compileEdits({ set: { 'X-Shop': 'de', 'X-New': '1' }, remove: ['X-Debug'] })!;
  const raw = ['Host', 'shop', 'x-shop', 'evil', 'X_Shop', 'evil', 'X-DEBUG', '1', 'X-Debug-Not', '2'];
  expect(requestFields(request(raw), {}, edits)).toEqual([
    ...['Host', 'shop', 'X-Debug-Not', '2', 'X-Shop', 'de', 'X-New', '1'],
    ...OURS,
  ]);
  const answer = ['X-Shop', 'a', 'x-debug', '1', 'Content-Length', '1'];
  const route = { request: undefined, response: edits, back: undefined };
  expect(responseFields(answer, get, 200, undefined, route)).toEqual([
    ...['Content-Length', '1', 'X-Shop', 'de', 'X-New', '1'],
    ...VIA,
  ]);
});

test('trailers go without what means something before a body alone, and without our own names', () => {
  const raw = ['X-Sum', 'ä', 'Content-Length', '3', 'Host', 'evil', 'TE', 'x', 'X-Forwarded-For', '1.2.3.4'];
  expect(trailerFields([...raw, 'X_Banyan_Pin', '1', 'Connection', 'close'])).toEqual([['X-Sum', 'ä']]);
});

test('an informational answer has no hop-by-hop fields, and none of the final one’s', () => {
  const raw = ['Link', '</a.css>; rel=preload', 'Connection', 'x', 'Content-Length', '1', 'Keep-Alive', '1'];
  expect(informationFields(raw.map((text) => Buffer.from(text)))).toEqual(raw.slice(0, 2));
});
