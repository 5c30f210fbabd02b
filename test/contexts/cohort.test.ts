import { expect, test } from 'vitest';
import { cohortOf, cohortPosition } from '../../contexts/index.ts';

const cohorts = Array.from({ length: 100_000 }, (_, index) => `session-${index}`);
const members = (salt: string, percent: number) =>
  new Set(cohorts.filter((cohort) => cohortPosition(salt, cohort) < percent / 100));

/** Half the width of the 99.9 % binomial interval. */
const margin = (n: number, share: number) => 3.29 * Math.sqrt(n * share * (1 - share));

test.each([0, 0.1, 1, 10, 25, 50, 99, 100])(
  'of 100,000 cohorts, %s percent are in the canary, within the 99.9 %% binomial interval',
  (percent) => {
    const expected = cohorts.length * (percent / 100);
    const found = members('inventory', percent).size;
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(margin(cohorts.length, percent / 100));
  },
);

test('raising the percentage moves nobody back', () => {
  let before = new Set<string>();
  for (const percent of [1, 10, 20, 50, 100]) {
    const now = members('inventory', percent);
    for (const cohort of before) expect(now.has(cohort)).toBe(true);
    before = now;
  }
});

test('being in one context’s canary says nothing about another’s', () => {
  const orders = members('orders', 30);
  const both = [...members('inventory', 30)].filter((cohort) => orders.has(cohort)).length;
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
