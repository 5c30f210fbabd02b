import { expect, it } from 'vitest';
import { binomialInterval } from '../../../demo/story/binomial.ts';

// Expected: the 0.05 % and 99.95 % quantiles, summed once in exact fractions.
it.each([
  [300, 0.1, 14, 48],
  [300, 0.5, 122, 178],
  [1_000, 0.25, 206, 296],
])('holds 99.9 %% of Binomial(%s, %s)', (n, p, low, high) => {
  expect(binomialInterval(n, p, 0.999)).toEqual([low, high]);
});

it('leaves no room at 0 % and at 100 %', () => {
  expect(binomialInterval(300, 0, 0.999)).toEqual([0, 0]);
  expect(binomialInterval(300, 1, 0.999)).toEqual([300, 300]);
});
