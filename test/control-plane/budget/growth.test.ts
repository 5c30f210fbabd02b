import { expect, test } from 'vitest';
import { watchGrowth } from '../../../control-plane/budget/growth.ts';

test('growth is measured over ten minutes, unknown at first, and says when the budget is reached', () => {
  const measure = watchGrowth(10_000);
  expect(measure(1_000, 0)).toEqual({ bytes: 1_000, bytesPerSecond: Number.NaN, secondsLeft: Number.NaN });
  expect(measure(2_000, 100_000)).toEqual({ bytes: 2_000, bytesPerSecond: 10, secondsLeft: 800 });
  // The first one is out of the window: 2,000 to 8,000 in 550 s.
  expect(measure(8_000, 650_000).bytesPerSecond).toBeCloseTo(6_000 / 550, 6);
});

test('at the budget nothing is left, however it grows; what shrinks or stays is no growth', () => {
  const measure = watchGrowth(10_000);
  expect(measure(10_000, 0).secondsLeft).toBe(0);
  expect(measure(10_000, 60_000)).toEqual({ bytes: 10_000, bytesPerSecond: 0, secondsLeft: 0 });
  expect(measure(5_000, 120_000)).toEqual({ bytes: 5_000, bytesPerSecond: 0, secondsLeft: Infinity });
});
