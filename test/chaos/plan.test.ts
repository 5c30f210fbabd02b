import { expect, test } from 'vitest';
import { plan } from './plan.ts';

test('the same seed gives the same plan, another seed another', () => {
  expect(plan(7, 180_000)).toEqual(plan(7, 180_000));
  expect(plan(8, 180_000)).not.toEqual(plan(7, 180_000));
});

test('a longer run begins as the shorter one of its seed', () => {
  const long = plan(7, 600_000).deeds.filter(({ at }) => at < 180_000);
  expect(long).toEqual(plan(7, 180_000).deeds);
});

test('three minutes of any seed meet nearly every nemesis, and relays of both kinds', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { deeds, packing } = plan(seed, 180_000);
    expect(new Set(packing).size).toBe(2);
    expect(new Set(deeds.map(({ deed }) => deed.kind)).size).toBeGreaterThanOrEqual(11);
    expect(deeds.filter(({ deed }) => /(kill|pause)-relay/.test(deed.kind)).length).toBeGreaterThan(20);
  }
});
