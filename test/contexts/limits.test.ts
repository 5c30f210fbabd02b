import { expect, it, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const mistakes = (yaml: string) => {
  const parsed = parseConfig(yaml, () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);
};

test('limits for clients are in milliseconds and bytes, and none can be turned off by an oversight', () => {
  expect(configOf(SHOP).gateway.limits).toEqual({
    ...{ fields: 200, headBytes: 65_536, headTimeout: 60_000, bodyTimeout: 60_000, bodyRate: 64 },
    ...{ readTimeout: 300_000, readRate: 64 },
  });
  const written = 'gateway: { limits: { bodyTimeout: none, readTimeout: none, maxBody: 1.5MiB } }\n';
  expect(configOf(SHOP + written).gateway.limits).toMatchObject({
    ...{ bodyTimeout: undefined, readTimeout: undefined, maxBody: 1_572_864 },
  });
  const route = SHOP.replace('- GET /inv', '- { match: POST /up, maxBody: 10MiB }\n      - GET /inv');
  expect(configOf(route).contexts['inventory']!.routes[0]).toEqual({
    match: 'POST /up',
    maxBody: 10_485_760,
  });
});

it.each([
  ['fields: 5', 'fields: found 5; required: at least 20'],
  [
    'headBytes: 64KB',
    "headBytes: found '64KB'; required: a size such as 512B, 64KiB, 10MiB or 1GiB, above 0",
  ],
  ['headBytes: 2MiB', "headBytes: found '2MiB'; required: a size from 4KiB to 1MiB"],
  ['maxBody: 0B', "maxBody: found '0B'; required: a size such as 512B, 64KiB, 10MiB or 1GiB, above 0"],
  [
    'bodyTimeout: never',
    "bodyTimeout: found 'never'; required: none, or a length of time such as 250ms, 5s, 10m, 24h or 7d",
  ],
  ['connectionsPerClient: 0', 'connectionsPerClient: found 0; required: at least 1'],
])('%s is a mistake', (limit, message) => {
  expect(mistakes(`${SHOP}gateway: { limits: { ${limit} } }\n`)).toEqual([`gateway.limits.${message}`]);
});

it.each([
  ['gateway: { tls: { cert: a.pem } }', 'gateway.tls.key: missing; required: a text'],
  [
    'gateway: { tls: { cert: a.pem, key: a.key, minVersion: TLSv1 } }',
    "gateway.tls.minVersion: found 'TLSv1'; required: one of TLSv1.2, TLSv1.3",
  ],
])('%s is a mistake', (line, message) => {
  expect(mistakes(`${SHOP}${line}\n`)).toEqual([message]);
});

it.each([
  [
    'https://h:1',
    'rejectUnauthorized: false',
    "upstreams.inventory.tls: unknown field 'rejectUnauthorized'; remove or correct it",
  ],
  [
    'http://h:1',
    'ca: a.pem',
    'upstreams.inventory.tls: only an upstream whose URL begins with https:// has TLS; correct the URL, or remove `tls:`',
  ],
  [
    'https://h:1',
    'cert: a.pem',
    'upstreams.inventory.tls: a certificate needs its key: name both `cert:` and `key:`, or neither',
  ],
])('an upstream %s with tls { %s } is a mistake', (url, tls, message) => {
  const yaml = SHOP.replace('{ url: http://127.0.0.1:3001', `{ tls: { ${tls} }, url: '${url}'`);
  expect(mistakes(yaml)).toEqual([message]);
});

it.each([
  ['unix:/run/app.sock', []],
  [
    'unix:run/app.sock',
    [
      'upstreams.inventory.url: required: unix: and the absolute path of a socket, at most 106 characters long',
    ],
  ],
])('the upstream %s', (url, found) => {
  expect(mistakes(SHOP.replace('http://127.0.0.1:3001', `'${url}'`))).toEqual(found);
});
