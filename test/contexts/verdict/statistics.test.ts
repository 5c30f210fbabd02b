import { expect, it, test } from 'vitest';
import { compareQuantiles, differenceOf, DURATION_BOUNDS, quantileOf } from '../../../contexts/index.ts';
import { traffic } from './evidence.ts';

// Newcombe 1998, table II, method 10: (a) 56/70 - 48/80, (c) 10/10 - 0/20, (h) 10/10 - 0/10.
it.each([
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [10, 10, 0, 20, 0.6791, 1],
  [10, 10, 0, 10, 0.6075, 1],
])('%i of %i less %i of %i is %d to %d, as published', (a, m, b, n, lower, upper) => {
  const found = differenceOf({ hits: a, total: m }, { hits: b, total: n });
  expect(found.lower).toBeCloseTo(lower, 3);
  expect(found.upper).toBeCloseTo(upper, 3);
});

test('nothing seen of one side may be anything', () => {
  const { lower, upper } = differenceOf({ hits: 5, total: 5 }, { hits: 0, total: 0 });
  expect(lower).toBeLessThan(0.01);
  expect(upper).toBe(1);
});

test('a quantile lies in its bucket, and its limits where its rank may be', () => {
  const buckets = [...traffic(0).buckets];
  // 900 up to 10 ms, 100 up to 100 ms.
  buckets[DURATION_BOUNDS.indexOf(0.01)] = 900;
  buckets[DURATION_BOUNDS.indexOf(0.1)] = 100;
  expect(quantileOf(buckets, 0.5)).toEqual({ value: 0.008 + (0.002 * 500) / 900, lower: 0.008, upper: 0.01 });
  expect(quantileOf(buckets, 0.95)).toEqual({ value: 0.08 + 0.02 * 0.5, lower: 0.08, upper: 0.1 });
  // Its rank is 900 give or take 18.6: on either side of the border.
  expect(quantileOf(buckets, 0.9)).toMatchObject({ lower: 0.008, upper: 0.1 });
});

test('few values have no upper limit: 73 are needed for p95, 381 for p99', () => {
  for (const [q, needed] of [
    [0.95, 73],
    [0.99, 381],
  ] as const) {
    expect(quantileOf(traffic(needed - 1).buckets, q)!.upper).toBe(Infinity);
    expect(quantileOf(traffic(needed).buckets, q)!.upper).toBeLessThan(1);
  }
  expect(quantileOf(traffic(0).buckets, 0.95)).toBeUndefined();
});

test('what is beyond the last bucket is at least its beginning', () => {
  expect(quantileOf(traffic(1_000, 0, 100).buckets, 0.95)).toEqual({ value: 30, lower: 30, upper: Infinity });
});

test('a comparison of quantiles is as wide as both together, and open where one is', () => {
  const one = { value: 0.03, lower: 0.02, upper: 0.045 };
  const same = compareQuantiles(one, one);
  const wide = Math.hypot(Math.log(1.5), Math.log(1.5));
  expect(same.ratio.lower).toBeCloseTo(Math.exp(-wide));
  expect(same.ratio.upper).toBeCloseTo(Math.exp(wide));
  expect(same.difference.upper).toBeCloseTo(Math.hypot(0.015, 0.01));
  const open = compareQuantiles({ ...one, upper: Infinity }, { ...one, lower: 0 });
  expect(open).toMatchObject({ ratio: { upper: Infinity }, difference: { upper: Infinity } });
  expect(open.ratio.lower).toBeGreaterThan(0);
});
