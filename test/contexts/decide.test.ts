import { expect, test } from 'vitest';
import { cohortPosition, compileSnapshot, explain, firstStages } from '../../contexts/index.ts';
import { configOf, SHOP, shopAt } from './sample.ts';

const get = { method: 'GET', target: '/x/../inventory/abc?q=1' };
const canary = (percent: number) => shopAt({ reads: { stage: 'canary', percent } });

test('what no route matches goes to the monolith, byte for byte', () => {
  expect(explain(shopAt({}), { method: 'GET', target: '/a/./b?%zz' })).toEqual({
    upstream: 'monolith',
    reason: 'no route matches → monolith',
    revision: 7,
    path: '/a/./b?%zz',
  });
});

test('a target whose readings lead to different places goes to the monolith, byte for byte, and the reason names the doubt', () => {
  const decision = explain(shopAt({ reads: { stage: 'extracted' } }), {
    method: 'GET',
    target: '/inventory//a',
  });
  expect(decision).toMatchObject({ upstream: 'monolith', path: '/inventory//a' });
  expect(decision.doubt).toMatchObject({ kind: 'empty-segment', context: 'inventory' });
  expect(decision.reason).toBe(
    "the target is doubtful, it has an empty segment (//): read as /inventory//a it is none, read as /inventory/a it is 'GET /inventory/:sku' of 'inventory' → monolith",
  );
});

test('legacy reads go to the monolith with the target as received', () => {
  expect(explain(shopAt({}), get)).toEqual({
    upstream: 'monolith',
    context: 'inventory',
    route: 'GET /inventory/:sku',
    kind: 'read',
    reason: 'reads legacy → monolith',
    revision: 7,
    path: '/x/../inventory/abc?q=1',
  });
});

test('extracted reads go to the service with the canonical path', () => {
  expect(explain(shopAt({ reads: { stage: 'extracted' } }), get)).toMatchObject({
    upstream: 'inventory',
    reason: 'reads extracted → extracted',
    path: '/inventory/abc?q=1',
  });
});

test('writes follow their own stage, whatever the reads do', () => {
  const post = { method: 'POST', target: '/inventory/abc', cohort: 'one' };
  const reads = { stage: 'extracted' } as const;
  expect(explain(shopAt({ reads }), post)).toMatchObject({
    upstream: 'monolith',
    reason: 'writes legacy → monolith',
  });
  expect(explain(shopAt({ writes: { stage: 'extracted' } }), post)).toMatchObject({
    upstream: 'inventory',
    kind: 'write',
    reason: 'writes extracted → extracted',
  });
  expect(explain(shopAt({ writes: { stage: 'extracted' } }), get).upstream).toBe('monolith');
});

test('shadow reads go to the monolith with the target as received, and name the copy for the service', () => {
  const snapshot = shopAt({ reads: { stage: 'shadow' } });
  expect(explain(snapshot, get)).toEqual({
    upstream: 'monolith',
    context: 'inventory',
    route: 'GET /inventory/:sku',
    kind: 'read',
    reason: 'reads shadow → monolith',
    revision: 7,
    path: '/x/../inventory/abc?q=1',
    shadow: { upstream: 'inventory', path: '/inventory/abc?q=1' },
  });
  for (const other of [
    { method: 'POST', target: '/inventory/abc' },
    { method: 'GET', target: '/cart' },
  ])
    expect(explain(snapshot, other)).not.toHaveProperty('shadow');
});

test('what is retired has no upstream, reads and writes apart, and is answered with 410', () => {
  const post = { method: 'POST', target: '/inventory/abc' };
  const gone = { status: 410, fields: { 'cache-control': 'no-store' } };
  expect(explain(shopAt({ reads: { stage: 'retired' } }), get)).toEqual({
    upstream: '',
    context: 'inventory',
    route: 'GET /inventory/:sku',
    kind: 'read',
    reason: 'reads retired → 410',
    revision: 7,
    path: '/x/../inventory/abc?q=1',
    answer: gone,
  });
  expect(explain(shopAt({ reads: { stage: 'retired' } }), post)).toMatchObject({ upstream: 'monolith' });
  const writes = shopAt({ writes: { stage: 'retired' } });
  expect(explain(writes, post)).toMatchObject({ upstream: '', reason: 'writes retired → 410', answer: gone });
  expect(explain(writes, get)).toMatchObject({ upstream: 'monolith' });
});

test('canary reads follow the cohort’s position, and the reason shows it', () => {
  const position = cohortPosition('s', 'one');
  const shown = Math.floor(position * 10_000) / 10_000;
  const above = Math.ceil(position * 100);
  expect(explain(canary(above), { ...get, cohort: 'one' })).toMatchObject({
    upstream: 'inventory',
    reason: `reads canary ${above} %: cohort ${shown} < ${above / 100} → extracted`,
  });
  expect(explain(canary(above - 1), { ...get, cohort: 'one' })).toMatchObject({
    upstream: 'monolith',
    reason: `reads canary ${above - 1} %: cohort ${shown} >= ${(above - 1) / 100} → monolith`,
  });
});

test('the cohort is read from the request’s fields', () => {
  const headers = { cookie: 'sid=one' };
  expect(explain(canary(50), { ...get, headers })).toEqual(explain(canary(50), { ...get, cohort: 'one' }));
});

test('a request without a cohort goes to the monolith while the context is in canary', () => {
  expect(explain(canary(100), { ...get, headers: {} })).toMatchObject({
    upstream: 'monolith',
    reason: 'reads canary 100 %: no cohort (cookie sid missing) → monolith',
  });
});

test('0 percent is nobody and 100 percent is every cohort', () => {
  const [none, all] = [canary(0), canary(100)];
  for (let index = 0; index < 1_000; index += 1) {
    expect(explain(none, { ...get, cohort: `c${index}` }).upstream).toBe('monolith');
    expect(explain(all, { ...get, cohort: `c${index}` }).upstream).toBe('inventory');
  }
});

test('a context that the store does not have takes the config’s first values; one that the config does not have is left out', () => {
  const config = configOf(`${SHOP}    reads: { canary: 25 }\n`);
  const other = { reads: { stage: 'extracted' }, writes: { stage: 'legacy' }, salt: 'x' } as const;
  const snapshot = compileSnapshot(config, { generation: 'g', revision: 1, contexts: { other } });
  expect([...snapshot.contexts.keys()]).toEqual(['inventory']);
  expect(snapshot.contexts.get('inventory')?.stages).toEqual(firstStages(config, 'inventory'));
  expect(firstStages(config, 'inventory')).toEqual({
    reads: { stage: 'canary', percent: 25 },
    writes: { stage: 'legacy' },
    salt: 'inventory',
  });
});

test('a snapshot can’t be changed', () => {
  const snapshot = shopAt({});
  expect(() => Object.assign(snapshot, { revision: 8 })).toThrow(TypeError);
  expect(() => Object.assign(snapshot.contexts.get('inventory')!, { upstream: 'monolith' })).toThrow(
    TypeError,
  );
});

test('an empty cohort is no cohort, whichever way it comes', () => {
  const snapshot = canary(100);
  const missing = { upstream: 'monolith', reason: expect.stringContaining('no cohort (cookie sid missing)') };
  expect(explain(snapshot, { ...get, headers: { cookie: 'sid=' } })).toMatchObject(missing);
  expect(explain(snapshot, { ...get, cohort: '' })).toMatchObject(missing);
  expect(explain(snapshot, { ...get, cohort: '', headers: { cookie: 'sid=ada' } }).upstream).toBe(
    'inventory',
  );
});

test('what every object of JavaScript has is no context', () => {
  for (const name of ['constructor', 'toString', '__proto__'])
    expect(() => firstStages(configOf(SHOP), name)).toThrow(`context '${name}' is not defined`);
});

test('a rewrite is of each request’s own path, for the service and for its copies, and never for the monolith', () => {
  const config =
    configOf(`upstreams: { monolith: { url: 'http://127.0.0.1:1' }, one: { url: 'http://127.0.0.1:2' } }
contexts:
  all: { upstream: one, reads: extracted, routes: [{ match: 'GET /a/:id', rewrite: '/v2/:id' }] }
`);
  const at = (stage: 'extracted' | 'shadow' | 'legacy', target: string) => {
    const contexts = { all: { reads: { stage }, writes: { stage: 'legacy' }, salt: 's' } } as const;
    return explain(compileSnapshot(config, { generation: 'g', revision: 1, contexts }), {
      method: 'GET',
      target,
    });
  };
  expect(at('extracted', '/a/1?x').path).toBe('/v2/1?x');
  expect(at('extracted', '/a/2').path).toBe('/v2/2');
  expect(at('shadow', '/a/1')).toMatchObject({ path: '/a/1', shadow: { path: '/v2/1' } });
  expect(at('legacy', '/a/1').path).toBe('/a/1');
});
