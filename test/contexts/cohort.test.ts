import { expect, test } from 'vitest';
import { cohortOf, cohortPosition } from '../../contexts/index.ts';

const positions = new Map<string, readonly number[]>();
/** Where 100,000 cohorts stand, worked out once for each salt. */
function positionsIn(salt: string): readonly number[] {
  const known =
    positions.get(salt) ??
    Array.from({ length: 100_000 }, (_, index) => cohortPosition(salt, `session-${index}`));
  positions.set(salt, known);
  return known;
}
const countBelow = (percent: number) =>
  positionsIn('inventory').filter((position) => position < percent / 100).length;

/** Four standard errors of a binomial count. */
const margin = (n: number, share: number) => 4 * Math.sqrt(n * share * (1 - share));

test.each([0, 0.1, 1, 10, 25, 50, 99, 99.9, 100])(
  'of 100,000 cohorts, %s percent are in the canary, within four standard errors',
  (percent) => {
    const expected = 100_000 * (percent / 100);
    expect(Math.abs(countBelow(percent) - expected)).toBeLessThanOrEqual(margin(100_000, percent / 100));
  },
);

test('being in one context’s canary says nothing about another’s', () => {
  const [inventory, orders] = [positionsIn('inventory'), positionsIn('orders')];
  const both = inventory.filter((position, index) => position < 0.3 && orders[index]! < 0.3).length;
  expect(Math.abs(both - 9_000)).toBeLessThanOrEqual(margin(100_000, 0.09));
});

test('a cohort’s position is the same on every gateway and in every release', () => {
  expect(cohortPosition('inventory', 'session-1')).toBeCloseTo(0.958231394, 9);
});

test('the cohort is the value of the named cookie, the first if there are several', () => {
  const cookie = 'xsid=no; a=b=c; sid=one=1; sid=two';
  expect(cohortOf({ cookie: 'sid' }, { cookie })).toBe('one=1');
  expect(cohortOf({ cookie: 'a' }, { cookie })).toBe('b=c');
  expect(cohortOf({ cookie: 'nope' }, { cookie })).toBeUndefined();
  expect(cohortOf({ cookie: 'sid' }, {})).toBeUndefined();
  expect(cohortOf({ cookie: 'sid' }, { cookie: 'sid=' })).toBeUndefined();
});

test('the cohort is the value of the named header', () => {
  expect(cohortOf({ header: 'x-tenant' }, { 'x-tenant': 'acme' })).toBe('acme');
  expect(cohortOf({ header: 'x-tenant' }, { 'x-tenant': '' })).toBeUndefined();
  expect(cohortOf({ header: 'x-tenant' }, {})).toBeUndefined();
});

const jwtOf = (claims: unknown) =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

test('a Cookie field of any shape is read as if it were taken apart at its semicolons', () => {
  const slowly = (cookie: string) => {
    for (const pair of cookie.split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && pair.slice(0, equals).trim() === 'sid')
        return pair.slice(equals + 1).trim() || undefined;
    }
    return undefined;
  };
  const parts = ['sid', 'sid', '=', '=', ';', '; ', ' ', 's', 'id', 'x', '\t', '"'];
  let random = 1;
  const next = () => (random = (random * 48_271) % 2_147_483_647);
  let found = 0;
  for (let round = 0; round < 20_000; round++) {
    const cookie = Array.from({ length: 1 + (next() % 12) }, () => parts[next() % parts.length]).join('');
    const expected = slowly(cookie);
    if (expected !== undefined) found += 1;
    if (cohortOf({ cookie: 'sid' }, { cookie }) !== expected)
      expect([cookie, cohortOf({ cookie: 'sid' }, { cookie })]).toEqual([cookie, expected]);
  }
  expect(found).toBeGreaterThan(500);
});

test('the cohort is a claim of the JWT in Authorization, in another field or in a cookie', () => {
  const token = jwtOf({ sub: 'ada', tenant: 7 });
  const inHeader = { jwt: { claim: 'sub', header: 'authorization' } };
  expect(cohortOf(inHeader, { authorization: `Bearer ${token}` })).toBe('ada');
  expect(cohortOf(inHeader, { authorization: `bearer  ${token}` })).toBe('ada');
  expect(cohortOf({ jwt: { claim: 'tenant', header: 'x-token' } }, { 'x-token': token })).toBe('7');
  const inCookie = { jwt: { claim: 'sub', cookie: 'session' } };
  expect(cohortOf(inCookie, { cookie: `a=b; session=${token}` })).toBe('ada');
});

test.each([
  ['nothing', undefined],
  ['other credentials', 'Basic YWRhOmFkYQ=='],
  ['no JSON', 'Bearer YQ.YQ.YQ'],
  ['two parts', `Bearer ${jwtOf({ sub: 'ada' }).split('.').slice(0, 2).join('.')}`],
  ['another claim', `Bearer ${jwtOf({ user: 'ada' })}`],
  ['an empty claim', `Bearer ${jwtOf({ sub: '' })}`],
  ['a claim that is no text', `Bearer ${jwtOf({ sub: ['ada'] })}`],
  ['claims that are none', `Bearer ${jwtOf(null)}`],
  ['a claim that every object has', `Bearer ${jwtOf({})}`, 'constructor'],
])('%s in Authorization is no cohort', (_what, authorization, claim = 'sub') => {
  expect(cohortOf({ jwt: { claim, header: 'authorization' } }, { authorization })).toBeUndefined();
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
  ['2001:DB8:0:0007::9', '2001:db8:0:7::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
])('who comes from %s is the cohort %s', (address, cohort) => {
  expect(cohortOf({ address: true }, {}, { address })).toBe(cohort);
});

test.each(['unknown', '', '192.0.2', '192.0.2.256', '1:2:3', '::1::', '1:2:3:4:5:6:7:8::', '12345::'])(
  'who comes from %j is nobody',
  (address) => {
    expect(cohortOf({ address: true }, {}, { address })).toBeUndefined();
  },
);
