import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  decide,
  mayWrite,
  parseConfig,
  signPin,
  signWrote,
  withKills,
  writersOf,
  type ContextStages,
  type RequestFacts,
} from '../../contexts/index.ts';
import { SHOP, shopAt } from './sample.ts';

const KEY = 'k'.repeat(32);
const NOW = 1_795_000_000_000;
const shop = (fields: string, gateway = '') =>
  SHOP.replace('    routes:\n', `    ${fields}\n    routes:\n`) +
  (gateway ? `gateway: { ${gateway} }\n` : '');
const FOLLOWED = shop('afterWrite: 5s');
const SIGNED = shop('afterWrite: 5s', `ownWrites: { keys: [${KEY}] }`);
const EXTRACTED = { reads: { stage: 'extracted' } } as const;
const read: RequestFacts = { method: 'GET', target: '/inventory/a', headers: { cookie: 'sid=ada' } };

test('a read that would leave the owner of the writes asks who has written, and nothing else does', () => {
  const asks = (stages: Partial<ContextStages>, facts: RequestFacts = read) =>
    decide(shopAt(stages, FOLLOWED), facts).asks;
  expect(asks(EXTRACTED)).toEqual({ context: 'inventory', cohort: 'ada', told: false });
  expect(decide(shopAt(EXTRACTED, SIGNED), read).asks?.told).toBe(true);
  expect(asks({ reads: { stage: 'canary', percent: 100 } })).toBeDefined();
  // Nobody in particular is somebody, too.
  expect(asks(EXTRACTED, { ...read, headers: {} })?.cohort).toBe('');
  expect(asks({ reads: { stage: 'canary', percent: 0 } })).toBeUndefined();
  expect(asks({ reads: { stage: 'shadow' } })).toBeUndefined();
  expect(asks({ reads: { stage: 'retired' } })).toBeUndefined();
  expect(asks({ ...EXTRACTED, writes: { stage: 'extracted' } })).toBeUndefined();
  expect(asks({ ...EXTRACTED, writes: { stage: 'retired' } })).toBeUndefined();
  expect(asks(EXTRACTED, { ...read, method: 'POST' })).toBeUndefined();
  expect(asks(EXTRACTED, { ...read, target: '/cart' })).toBeUndefined();
  expect(decide(shopAt(EXTRACTED), read).asks).toBeUndefined();
});

test('what is known decides: after a write, and where nobody knows, the owner of the writes answers', () => {
  const extracted = shopAt(EXTRACTED, FOLLOWED);
  const known = (wrote: 'write' | 'unknown' | 'none', snapshot = extracted) =>
    decide(snapshot, { ...read, known: { context: 'inventory', wrote } });
  expect(known('write')).toMatchObject({
    ...{ upstream: 'monolith', path: undefined, follows: 'write' },
    reason: 'reads follow a write of this cohort → monolith',
  });
  expect(known('unknown')).toMatchObject({
    ...{ upstream: 'monolith', follows: 'unknown' },
    reason: 'whether this cohort has just written is unknown → monolith',
  });
  expect(known('none')).toMatchObject({ upstream: 'inventory', reason: 'reads extracted → extracted' });
  expect(known('none').asks).toBeUndefined();
  // What is known of another context says nothing.
  expect(decide(extracted, { ...read, known: { context: 'orders', wrote: 'none' } }).asks).toBeDefined();
  const moved = shopAt({ writes: { stage: 'extracted' } }, FOLLOWED);
  expect(known('write', moved)).toMatchObject({ upstream: 'inventory', follows: 'write' });
  expect(known('none', moved)).toMatchObject({ upstream: 'monolith' });
});

test('a signed cookie is known without asking, until its time is over; a forged, foreign or expired one is nothing', () => {
  const snapshot = shopAt(EXTRACTED, SIGNED);
  const cookies = { keys: [KEY], prefix: 'banyan-wrote-' };
  const withCookie = (cookie: string, now = NOW) =>
    decide(snapshot, { ...read, headers: { cookie: `sid=ada; ${cookie}; b=1` }, now });
  const good = signWrote(cookies, 'inventory', NOW + 1_000);
  expect(withCookie(good)).toMatchObject({ upstream: 'monolith', follows: 'write' });
  expect(withCookie(good, NOW + 1_000)).toMatchObject({ upstream: 'inventory' });
  for (const bad of [
    signWrote({ ...cookies, keys: ['f'.repeat(32)] }, 'inventory', NOW + 1_000),
    signWrote(cookies, 'orders', NOW + 1_000).replace('orders', 'inventory'),
    good.replace(/\d+/, (time) => String(Number(time) + 60_000)),
    good.slice(0, -1),
    `${cookies.prefix}inventory=`,
    `${cookies.prefix}inventory=1.`,
  ])
    expect(withCookie(bad), bad).toMatchObject({ upstream: 'inventory' });
  const second = signWrote({ ...cookies, keys: ['n'.repeat(32)] }, 'inventory', NOW + 1_000);
  const rotated = shopAt(
    EXTRACTED,
    shop('afterWrite: 5s', `ownWrites: { keys: [${KEY}, ${'n'.repeat(32)}] }`),
  );
  expect(decide(rotated, { ...read, headers: { cookie: second }, now: NOW }).follows).toBe('write');
});

test('a lag that is too great or unknown sends reads back, while the monolith owns the writes', () => {
  const yaml = `${shop('maxLag: 5s')}outbox: { database: 'mysql://a@b/c' }\n`.replace(
    'maxLag: 5s',
    'maxLag: 5s\n    consumer: inventory',
  );
  const behind = new Map([['inventory', 'the consumer’s lag is unknown']]);
  const at = (stages: Partial<ContextStages>, facts: Partial<RequestFacts> = { behind }) =>
    decide(shopAt(stages, yaml), { ...read, ...facts });
  expect(at(EXTRACTED)).toMatchObject({
    ...{ upstream: 'monolith', follows: 'lag' },
    reason: 'the consumer’s lag is unknown → monolith',
  });
  expect(at({ reads: { stage: 'canary', percent: 100 } })).toMatchObject({ follows: 'lag' });
  expect(at(EXTRACTED, { behind: new Map() })).toMatchObject({ upstream: 'inventory' });
  expect(at({ ...EXTRACTED, writes: { stage: 'extracted' } })).toMatchObject({ upstream: 'inventory' });
  expect(at(EXTRACTED, { behind, method: 'POST' })).toMatchObject({ upstream: 'monolith', kind: 'write' });
});

test('retired, a kill and an override come before; lists and percentages after', () => {
  const known = { context: 'inventory', wrote: 'write' } as const;
  const kill = { id: '1', at: 'then', by: 'ops', reason: null, consent: 'accept-loss' } as const;
  const moved = shopAt({ reads: { stage: 'shadow' }, writes: { stage: 'extracted' } }, FOLLOWED);
  expect(decide(moved, { ...read, known })).toMatchObject({ upstream: 'inventory' });
  const killed = withKills(moved, new Map([['inventory', kill]]), 1_000);
  expect(decide(killed, { ...read, known })).toMatchObject({ upstream: 'monolith' });
  const pins = shop('afterWrite: 5s', `overrides: { keys: [${KEY}] }`);
  const pin = signPin(KEY, { inventory: 'extracted' }, NOW + 5_000);
  const pinned = { ...read, headers: { ...read.headers, 'x-banyan-pin': pin }, now: NOW, known };
  expect(decide(shopAt(EXTRACTED, pins), pinned)).toMatchObject({ upstream: 'inventory' });
  const included = shopAt({ reads: { stage: 'canary', percent: 0, include: ['ada'] } }, FOLLOWED);
  expect(decide(included, { ...read, known })).toMatchObject({ upstream: 'monolith', follows: 'write' });
});

test('where no cache may share canaries, what follows a write isn’t shared either', () => {
  const known = { context: 'inventory', wrote: 'write' } as const;
  const snapshot = shopAt(EXTRACTED, shop('afterWrite: 5s', 'cdn: private'));
  expect(decide(snapshot, { ...read, known }).private).toBe(true);
  expect(decide(shopAt(EXTRACTED, FOLLOWED), { ...read, known }).private).toBeUndefined();
});

/** Whose write a request is, with the shop's inventory in these stages. */
function writers(
  yaml: string,
  facts: Partial<RequestFacts> & { target: string },
  stages: Partial<ContextStages> = EXTRACTED,
): string[] {
  const snapshot = shopAt(stages, yaml);
  const whole = { method: 'POST', headers: { cookie: 'sid=ada' }, ...facts };
  const decision = decide(snapshot, whole);
  if (!mayWrite(snapshot, whole.method, decision)) return [];
  return writersOf(snapshot, whole, decision).map(({ context, cohort }) => `${context} ${cohort}`);
}

test('every unsafe request that the monolith answers is a write of its cohort, whatever its route', () => {
  expect(writers(FOLLOWED, { target: '/orders' })).toEqual(['inventory ada']);
  expect(writers(FOLLOWED, { target: '/inventory/a' })).toEqual(['inventory ada']);
  expect(writers(FOLLOWED, { target: '//inventory/..%2fa' })).toEqual(['inventory ada']);
  expect(writers(FOLLOWED, { target: 'http://shop.example/orders' })).toEqual(['inventory ada']);
  expect(writers(FOLLOWED, { target: '/orders', headers: {} })).toEqual(['inventory ']);
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE'])
    expect(writers(FOLLOWED, { target: '/orders', method })).toEqual([]);
  expect(writers(FOLLOWED, { target: '/orders', method: 'DELETE' })).toEqual(['inventory ada']);
  expect(writers(SHOP, { target: '/orders' })).toEqual([]);
  // Before the reads move: they may move a moment later.
  expect(writers(FOLLOWED, { target: '/orders' }, {})).toEqual(['inventory ada']);
});

test('a route’s kind goes before its method', () => {
  const kinds = FOLLOWED.replace(
    '- POST /inventory/:sku',
    "- { match: 'POST /inventory/:sku', kind: read }\n      - { match: 'GET /touch/:sku', kind: write }",
  );
  expect(writers(kinds, { target: '/inventory/a' })).toEqual([]);
  expect(writers(kinds, { target: '/touch/a', method: 'GET' })).toEqual(['inventory ada']);
});

test('with routes only these count, and the context’s own writes; a GET may be one of them', () => {
  const listed = shop("afterWrite: { for: 2s, routes: [POST /orders, 'GET /basket/:sku/add'] }");
  expect(writers(listed, { target: '/orders' })).toEqual(['inventory ada']);
  expect(writers(listed, { target: 'http://shop.example/orders' })).toEqual(['inventory ada']);
  expect(writers(listed, { target: '/inventory/a' })).toEqual(['inventory ada']);
  expect(writers(listed, { target: '/basket/a/add', method: 'GET' })).toEqual(['inventory ada']);
  expect(writers(listed, { target: '/login' })).toEqual([]);
  expect(writers(listed, { target: '/inventory/a', method: 'GET' })).toEqual([]);
  const own = shop('afterWrite: { routes: [] }');
  expect(writers(own, { target: '/orders' })).toEqual([]);
  expect(writers(own, { target: '/inventory/a' })).toEqual(['inventory ada']);
});

test('once the service owns the writes, only those that it takes count', () => {
  const stages = { writes: { stage: 'extracted' } } as const;
  expect(writers(FOLLOWED, { target: '/orders' }, stages)).toEqual([]);
  expect(writers(FOLLOWED, { target: '/inventory/a' }, stages)).toEqual(['inventory ada']);
});

test('a cohort in the path is found in the routes that have it', () => {
  const yaml = `
upstreams: { monolith: { url: 'http://127.0.0.1:1' }, inventory: { url: 'http://127.0.0.1:2' } }
contexts:
  inventory:
    upstream: inventory
    cohort: { parameter: who }
    afterWrite: { routes: ['POST /orders/:who'] }
    routes: [GET /of/:who]
`;
  expect(writers(yaml, { target: '/orders/%61da' })).toEqual(['inventory ada']);
  expect(decide(shopAt(EXTRACTED, yaml), { method: 'GET', target: '/of/ada' }).asks?.cohort).toBe('ada');
});

const mistakesOf = (yaml: string) => {
  const parsed = parseConfig(yaml, () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ line, path, message }) => `${line} ${path}: ${message}`);
};
const warningsOf = (yaml: string) => {
  const parsed = parseConfig(yaml, () => undefined);
  return parsed.ok ? parsed.warnings.map(({ path, message }) => `${path}: ${message}`) : ['mistaken'];
};

test('all that keeps own writes from being seen is named, with its line', () => {
  const wrong = `
upstreams: { monolith: { url: 'http://127.0.0.1:1' }, a: { url: 'http://127.0.0.1:2' } }
contexts:
  nobody:
    upstream: a
    routes: [GET /a]
    afterWrite: 5s
    maxLag: 6s
  path:
    upstream: a
    cohort: { parameter: who }
    routes: [GET /b/:who]
    afterWrite: 5s
  listed:
    upstream: a
    cohort: { parameter: who }
    routes: [GET /c/:who]
    afterWrite: { routes: [POST /orders, POST /or//ders, orders] }
  short:
    upstream: a
    cohort: { cookie: sid }
    routes: [GET /d]
    afterWrite: 5
control: { store: mysql, database: mysql://a@b/c }
`;
  expect(mistakesOf(wrong)).toEqual([
    expect.stringMatching(/^7 contexts.nobody.afterWrite: a cohort .* is what a write is remembered by/),
    expect.stringMatching(/^7 contexts.nobody.afterWrite: with store mysql there may be several gateways/),
    expect.stringMatching(/^8 contexts.nobody.maxLag: the lag is that of the context's consumer/),
    expect.stringMatching(/^8 contexts.nobody.maxLag: nobody knows what has not reached the stream/),
    expect.stringMatching(/^8 contexts.nobody.maxLag: maxLag \(6s\) must be at most afterWrite \(5s\)/),
    expect.stringMatching(/^13 contexts.path.afterWrite: the cohort stands in the path/),
    expect.stringMatching(/^13 contexts.path.afterWrite: with store mysql/),
    expect.stringMatching(/^18 contexts.listed.afterWrite: with store mysql/),
    expect.stringMatching(/^18 contexts.listed.afterWrite.routes.0: route 'POST \/orders' has no ':who'/),
    expect.stringMatching(/^18 contexts.listed.afterWrite.routes.1: route 'POST \/or\/\/ders': no request/),
    expect.stringMatching(/^18 contexts.listed.afterWrite.routes.2: found 'orders'; required: a method/),
    expect.stringMatching(/^23 contexts.short.afterWrite: found 5; required: off, or a text, or a map/),
    expect.stringMatching(/^23 contexts.short.afterWrite: with store mysql/),
  ]);
  expect(mistakesOf(shop('afterWrite: off', 'ownWrites: { keys: [short] }'))).toEqual([
    expect.stringMatching(/^1\d gateway.ownWrites.keys.0: required: at least 32 bytes/),
  ]);
  expect(mistakesOf(shop('afterWrite: 5s', 'reusePort: true'))).toHaveLength(1);
  expect(mistakesOf(shop('afterWrite: off', 'reusePort: true'))).toEqual([]);
  expect(mistakesOf(`${shop('afterWrite: 5s', 'reusePort: true')}redis: redis://127.0.0.1\n`)).toEqual([]);
});

test('what is allowed and leaves a gap is said', () => {
  expect(warningsOf(FOLLOWED)).toContainEqual(
    expect.stringContaining('afterWrite: without `consumer` and `maxLag`'),
  );
  const lagging = `${shop('afterWrite: 5s\n    maxLag: 1s\n    consumer: i')}outbox: { database: 'mysql://a@b/c' }\n`;
  expect(warningsOf(lagging)).toContainEqual(expect.stringContaining('maxLag: below 3s'));
  expect(warningsOf(SHOP).join()).not.toMatch(/afterWrite|maxLag/);
});

test('what docs/own-writes.md shows is a valid configuration', () => {
  const page = readFileSync(new URL('../../docs/own-writes.md', import.meta.url), 'utf8');
  const [shown, narrowed] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, yaml]) => parse(yaml!) as Record<string, never>,
  );
  const { upstreams } = parse(SHOP) as object & { upstreams: object };
  expect(mistakesOf(stringify({ upstreams, ...shown }))).toEqual([]);
  const { inventory } = shown!['contexts'] as unknown as { inventory: object };
  const contexts = { inventory: { ...inventory, ...narrowed } };
  expect(mistakesOf(stringify({ upstreams, ...shown, contexts }))).toEqual([]);
});
