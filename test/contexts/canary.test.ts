import { expect, test } from 'vitest';
import { compileCanary, decideCanary } from '../../contexts/canary.ts';
import { compileCohort } from '../../contexts/cohort-reader.ts';
import {
  cohortPosition,
  decide,
  describeStage,
  parseConfig,
  type RequestFacts,
} from '../../contexts/index.ts';
import { SHOP, shopAt } from './sample.ts';

const get = { method: 'GET', target: '/inventory/abc' };
const cohorts = Array.from({ length: 1_000 }, (_, index) => `tenant-${index}`);
type Lists = { include?: string[]; exclude?: string[] };
const movedAt = (percent: number, lists: Lists = {}) => {
  const snapshot = shopAt({ reads: { stage: 'canary', percent, ...lists } });
  return new Set(cohorts.filter((cohort) => decide(snapshot, { ...get, cohort }).upstream === 'inventory'));
};

test('of 100,000 cohorts each percentage has its share, within four standard errors, and the next one all of them', () => {
  const all = 100_000;
  let before: number[] = [];
  for (const percent of [0.1, 1, 10, 50, 99.9]) {
    const snapshot = shopAt({ reads: { stage: 'canary', percent } });
    const moved = new Uint8Array(all);
    for (let index = 0; index < all; index += 1)
      if (decide(snapshot, { ...get, cohort: `user-${index}` }).upstream === 'inventory') moved[index] = 1;
    const expected = (all * percent) / 100;
    const count = moved.reduce((sum, one) => sum + one, 0);
    expect(Math.abs(count - expected)).toBeLessThanOrEqual(4 * Math.sqrt(expected * (1 - percent / 100)));
    expect(before.filter((index) => moved[index] === 0)).toEqual([]);
    before = [...moved.keys()].filter((index) => moved[index] === 1);
  }
});

test('raising the percentage moves nobody back, by fractions of a percent, with lists and without', () => {
  const lists = { include: ['tenant-1', 'tenant-2'], exclude: ['tenant-3', 'tenant-4'] };
  for (const rules of [{}, lists]) {
    let before = new Set<string>();
    for (const percent of [0, 0.05, 0.1, 0.15, 1, 1.5, 10, 50, 99.9, 99.95, 100]) {
      const now = movedAt(percent, rules);
      expect([...before].filter((cohort) => !now.has(cohort))).toEqual([]);
      before = now;
    }
    expect(before.size).toBe(rules === lists ? cohorts.length - 2 : cohorts.length);
  }
});

test('who is included is with the service at 0 percent, who is excluded with the monolith at 100', () => {
  expect(movedAt(0, { include: ['tenant-1', 'tenant-2'] })).toEqual(new Set(['tenant-1', 'tenant-2']));
  const excluded = movedAt(100, { exclude: ['tenant-1', 'tenant-2'] });
  expect(cohorts.filter((cohort) => !excluded.has(cohort))).toEqual(['tenant-1', 'tenant-2']);
});

test('a fraction of a percent is a fraction of a percent', () => {
  const position = cohortPosition('s', 'one');
  const percent = Math.ceil(position * 100_000) / 1_000;
  const at = (share: number) =>
    decide(shopAt({ reads: { stage: 'canary', percent: share } }), { ...get, cohort: 'one' }).upstream;
  expect([at(percent), at(percent - 0.001)]).toEqual(['inventory', 'monolith']);
});

test('the reason tells of the lists and names nobody', () => {
  const snapshot = shopAt({ reads: { stage: 'canary', percent: 5, include: ['ada'], exclude: ['bob'] } });
  expect(decide(snapshot, { ...get, headers: { cookie: 'sid=ada' } })).toMatchObject({
    upstream: 'inventory',
    reason: 'reads canary 5 %: cohort is included → extracted',
  });
  expect(decide(snapshot, { ...get, cohort: 'bob' })).toMatchObject({
    upstream: 'monolith',
    reason: 'reads canary 5 %: cohort is excluded → monolith',
  });
});

test('a list of many is shown by its first three', () => {
  const include = ['a', 'b', 'c', 'd', 'e'];
  expect(describeStage({ stage: 'canary', percent: 0.1, include, exclude: ['v'] })).toBe(
    'canary 0.1 % with a, b, c and 2 more, without v',
  );
});

const CUSTOMERS = `
upstreams: { monolith: { url: http://h:1 }, inventory: { url: http://h:2 } }
contexts:
  inventory:
    upstream: inventory
    cohort: { parameter: customer }
    routes: ['GET /customers/:customer/orders', 'GET /c/:id/:customer']
`;
const canaryAt = (yaml: string, lists: Lists = {}) =>
  shopAt({ reads: { stage: 'canary', percent: 50, ...lists } }, yaml);

test('the cohort is a parameter of the path, wherever it stands in the route, as people write it', () => {
  const snapshot = canaryAt(CUSTOMERS, { include: ['größe 1'] });
  const reasonOf = (target: string) => decide(snapshot, { method: 'GET', target }).reason;
  for (const target of ['/customers/gr%C3%B6%C3%9Fe%201/orders', '/c/7/gr%c3%b6%c3%9fe%201'])
    expect(reasonOf(target)).toBe('reads canary 50 %: cohort is included → extracted');
  const shown = Math.floor(cohortPosition('s', 'ada') * 10_000) / 10_000;
  for (const target of ['/customers/ada/orders?customer=bob', '/c/bob/ada', '/x/../customers/%61da/orders'])
    expect(reasonOf(target)).toContain(`cohort ${shown} `);
  expect(reasonOf('/c/7/%ff')).toMatch(/cohort 0\.\d/);
});

test.each([
  ['{ header: x-tenant }', { headers: { 'x-tenant': 'ada' } }, 'header x-tenant'],
  ['{ cookie: sid }', { headers: { cookie: 'sid=ada' } }, 'cookie sid'],
  ['{ address: true }', { address: '192.0.2.7' }, 'client address'],
  [
    '{ jwt: { claim: tenant } }',
    { headers: { authorization: `Bearer e30.${Buffer.from('{"tenant":"ada"}').toString('base64url')}.` } },
    'claim tenant of the JWT in header authorization',
  ],
  [
    '{ jwt: { cookie: t } }',
    { headers: { cookie: `t=e30.${Buffer.from('{"sub":"ada"}').toString('base64url')}.` } },
    'claim sub of the JWT in cookie t',
  ],
] as [string, Partial<RequestFacts>, string][])(
  'with the cohort %s a request that says who it is has a position; one that doesn’t is the monolith’s',
  (cohort, facts, what) => {
    const snapshot = canaryAt(SHOP.replace('{ cookie: sid }', cohort));
    const shown = Math.floor(cohortPosition('s', facts.address ?? 'ada') * 10_000) / 10_000;
    expect(decide(snapshot, { ...get, ...facts }).reason).toContain(`cohort ${shown} `);
    const missing = {
      upstream: 'monolith',
      reason: `reads canary 50 %: no cohort (${what} missing) → monolith`,
    };
    expect(decide(snapshot, get)).toMatchObject(missing);
    expect(decide(snapshot, { ...get, headers: {}, address: 'unknown' })).toMatchObject(missing);
  },
);

test('addresses of one IPv6 network are one cohort, in a list too', () => {
  const yaml = SHOP.replace('{ cookie: sid }', '{ address: true }');
  const snapshot = canaryAt(yaml, { include: ['2001:db8:0:1::9', '192.0.2.7'] });
  const of = (address: string) => decide(snapshot, { ...get, address }).reason;
  for (const address of ['2001:db8:0:1::1', '2001:db8:0:1:ffff::', '192.0.2.7'])
    expect(of(address)).toContain('cohort is included');
  expect(of('2001:db8:0:2::9')).not.toContain('cohort is included');
  expect(snapshot.asksAddress).toBe(true);
  expect(shopAt({}, yaml).asksAddress).toBe(false);
});

test('only a read in canary that names nobody asks for a cohort’s cookie', () => {
  const yaml = SHOP.replace('{ cookie: sid }', '{ cookie: sid, issue: true }');
  const issueOf = (stages: Parameters<typeof shopAt>[0], facts: RequestFacts) =>
    decide(shopAt(stages, yaml), facts).issue;
  const canary = { reads: { stage: 'canary', percent: 50 } } as const;
  expect(issueOf(canary, { ...get, headers: {} })).toBe('sid');
  expect(issueOf(canary, { ...get, headers: { cookie: 'sid=ada' } })).toBeUndefined();
  expect(issueOf(canary, { method: 'POST', target: get.target, headers: {} })).toBeUndefined();
  expect(issueOf({ reads: { stage: 'extracted' } }, { ...get, headers: {} })).toBeUndefined();
  expect(decide(shopAt(canary), { ...get, headers: {} })).not.toHaveProperty('issue');
});

test('behind a CDN that is to keep nothing of them, answers to reads in canary are private', () => {
  const yaml = `${SHOP}gateway: { cdn: private }\n`;
  const canary = shopAt({ reads: { stage: 'canary', percent: 50 } }, yaml);
  expect(decide(canary, { ...get, cohort: 'ada' }).private).toBe(true);
  expect(decide(canary, get).private).toBe(true);
  expect(decide(canary, { method: 'POST', target: get.target }).private).toBeUndefined();
  expect(decide(shopAt({ reads: { stage: 'extracted' } }, yaml), get).private).toBeUndefined();
});

const mistakesOf = (yaml: string) => {
  const parsed = parseConfig(yaml, () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);
};
const withCohort = (cohort: string, more = '') => SHOP.replace('{ cookie: sid }', cohort) + more;

test('a parameter that a route lacks is a mistake', () => {
  expect(mistakesOf(CUSTOMERS.replace('GET /c/:id/:customer', 'GET /c/:id'))).toEqual([
    "contexts.inventory.cohort.parameter: route 'GET /c/:id' has no ':customer'; its requests would have no cohort",
  ]);
});

test('lists that contradict each other, or rest on an unverified claim, are a mistake', () => {
  expect(mistakesOf(`${SHOP}    reads: { canary: 5, include: [a, b], exclude: [b] }\n`)).toEqual([
    "contexts.inventory.reads.exclude.0: 'b' is included and excluded; take it out of one of the lists",
  ]);
  expect(
    mistakesOf(withCohort('{ jwt: { claim: sub } }', '    reads: { canary: 5, include: [a] }\n')),
  ).toEqual([expect.stringContaining('contexts.inventory.reads: include and exclude can’t rest on a claim')]);
  expect(mistakesOf(`${SHOP}    reads: { canary: 0.1, include: [a], exclude: [b] }\n`)).toEqual([]);
});

const CDN = (key: string) => `gateway: { cdn: { cacheKey: [${key}] } }\n`;

test.each([
  ['{ cookie: sid }', CDN('{ header: x-tenant }'), 'add { cookie: sid } to gateway.cdn.cacheKey'],
  ['{ header: X-Tenant }', CDN('{ cookie: sid }'), 'add { header: X-Tenant } to gateway.cdn.cacheKey'],
  [
    '{ jwt: { claim: sub } }',
    CDN('{ cookie: sid }'),
    'add { header: authorization } to gateway.cdn.cacheKey',
  ],
  ['{ jwt: { cookie: t } }', CDN('{ cookie: sid }'), 'add { cookie: t } to gateway.cdn.cacheKey'],
  ['{ address: true }', CDN('{ cookie: sid }'), 'say `cdn: private` under gateway'],
])('behind a CDN the cohort %s with %s is a mistake that says what to do', (cohort, cdn, what) => {
  const [mistake, ...more] = mistakesOf(withCohort(cohort, cdn));
  expect(mistake).toMatch(
    /^contexts\.inventory\.cohort: behind a CDN a canary needs answers that no cache shares/,
  );
  expect(mistake).toContain(what);
  expect(more).toEqual([]);
});

test.each([
  ['{ cookie: sid }', CDN('{ header: x }, { cookie: sid }')],
  ['{ header: X-Tenant }', CDN('{ header: x-tenant }')],
  ['{ jwt: { claim: sub } }', CDN('{ header: Authorization }')],
  ['{ address: true }', 'gateway: { cdn: private }\n'],
])('behind a CDN the cohort %s with %s is none', (cohort, cdn) => {
  expect(mistakesOf(withCohort(cohort, cdn))).toEqual([]);
});

test('a CDN that is only said to be there is a mistake', () => {
  expect(mistakesOf(`${SHOP}gateway: { cdn: true }\n`)).toEqual([
    'gateway.cdn: found true; required: private, or a map',
  ]);
});

test('what is remembered of cohorts is bounded, and says what was said at first', () => {
  const canary = compileCanary(compileCohort({ cohort: { header: 'x-user' }, routes: [] }), {
    reads: { stage: 'canary', percent: 30 },
    writes: { stage: 'legacy' },
    salt: 'pepper',
  })!;
  const of = (who: string) => decideCanary(canary, { ...get, headers: { 'x-user': who } }, '', '/').extracted;
  const all = Array.from({ length: 25_000 }, (_, n) => `${n}`);
  const first = all.map(of);
  expect(canary.known.size).toBeLessThanOrEqual(10_000);
  expect(all.map(of)).toEqual(first);
  of('x'.repeat(10_000));
  expect([...canary.known.keys()].every((who) => who.length <= 100)).toBe(true);
});
