import { expect, it, test } from 'vitest';
import { diffConfig, needsRestart, parseConfig } from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const ROUTES = '- GET /inventory/:sku\n      - POST /inventory/:sku';
const shop = (routes = ROUTES, more = '') => configOf(SHOP.replace(ROUTES, routes) + more);

test('a route that another one catches already is told from one that was the monolith’s', () => {
  const before = shop('- GET /inventory/*\n      - GET /stock/:sku');
  const after = shop(
    '- GET /inventory/*\n      - { match: GET /inventory/:sku, rewrite: /v2/:sku }\n      - { match: GET /stock/:sku, kind: write, maxBody: 1KiB }\n      - GET /goods',
  );
  const { routes } = diffConfig(before, after);
  const url = 'http://127.0.0.1:3001';
  expect(routes).toEqual([
    {
      route: 'GET /stock/:sku',
      before: {
        context: 'inventory',
        route: 'GET /stock/:sku',
        kind: 'read',
        url,
        path: '/stock/:sku',
        rest: '',
      },
      after: {
        ...{ context: 'inventory', route: 'GET /stock/:sku', kind: 'write', url, path: '/stock/:sku' },
        rest: '{"kind":"write","maxBody":1024}',
      },
    },
    {
      route: 'GET /inventory/:sku',
      before: {
        context: 'inventory',
        route: 'GET /inventory/*',
        kind: 'read',
        url,
        path: '/inventory/:sku',
        rest: '',
      },
      after: {
        context: 'inventory',
        route: 'GET /inventory/:sku',
        kind: 'read',
        url,
        path: '/v2/:sku',
        rest: '',
      },
    },
    {
      route: 'GET /goods',
      before: { url: 'http://127.0.0.1:3000', path: '/goods', rest: '' },
      after: { context: 'inventory', route: 'GET /goods', kind: 'read', url, path: '/goods', rest: '' },
    },
  ]);
});

test('routes that ask for a host, a field or a parameter are told apart', () => {
  const of = (sku: string) =>
    shop(
      `- GET /inventory/:sku\n      - { match: GET /inventory/:sku, host: '*.shop.example', header: { X-Api: '2' }, query: { q: true }, rewrite: ${sku} }`,
    );
  expect(diffConfig(of('/v2/:sku'), of('/v3/:sku')).routes).toMatchObject([
    {
      route: 'GET /inventory/:sku (host *.shop.example, header X-Api: 2, query q)',
      before: { path: '/v2/:sku' },
      after: { path: '/v3/:sku' },
    },
  ]);
});

test('another address of a service changes all of its routes, and is named itself', () => {
  const other = configOf(SHOP.replace(':3001, timeout: 2s', ':3002'));
  const diff = diffConfig(shop(), other);
  expect(diff.routes.map(({ route }) => route)).toEqual(['GET /inventory/:sku', 'POST /inventory/:sku']);
  expect(diff.upstreams).toEqual([{ name: 'inventory', change: 'changed', fields: ['url', 'timeout'] }]);
  expect(diffConfig(shop(), shop())).toEqual({
    routes: [],
    upstreams: [],
    contexts: [],
    other: [],
    restart: [],
  });
});

it.each([
  ["gateway: { listen: '127.0.0.1:1', limits: { fields: 50 } }", ['gateway.listen']],
  [
    'gateway: { kill: { file: k, retryAfter: 5s }, stateDir: s, name: n }',
    ['gateway.kill.file', 'gateway.name', 'gateway.stateDir'],
  ],
  ['gateway: { tls: { cert: c, key: k } }', ['gateway.tls']],
  ['gateway: { trustedProxies: [10.0.0.0/8], serverTiming: false }', []],
  ["gateway: { fleet: ['10.0.0.1:9101'] }", []],
  ['redis: redis://h:1', ['redis']],
  ['relay: { poll: 100ms }', []],
])('%s needs a restart for %j', (line, fields) => {
  expect(needsRestart(shop(), shop(ROUTES, `${line}\n`))).toEqual(fields);
  expect(needsRestart(shop(ROUTES, `${line}\n`), shop())).toEqual(fields);
});

test('whose events are whose is known from the start where the lag is the gateway’s', () => {
  const events = SHOP.replace('cohort:', 'events: [Adjusted]\n    cohort:');
  expect(needsRestart(shop(), configOf(events))).toEqual(['contexts.inventory.events']);
  const mysql = 'control: { store: mysql, database: mysql://u:p@h/d }\n';
  expect(needsRestart(shop(ROUTES, mysql), configOf(events + mysql))).toEqual([]);
});

test('what is seldom meant comes with its line and is no mistake', () => {
  const parsed = parseConfig(
    `${SHOP.replace('contexts:', '  spare: { url: http://h:1 }\ncontexts:')}gateway: { trustedProxies: [0.0.0.0/0] }\n`,
    () => undefined,
  );
  expect(parsed.ok && parsed.warnings.map(({ line, path }) => `${line} ${path}`)).toEqual([
    '5 upstreams.spare',
    '9 contexts.inventory.cohort',
    '13 gateway.trustedProxies.0',
  ]);
});
