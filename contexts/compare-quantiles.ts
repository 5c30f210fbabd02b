import type { Quantile } from './durations.ts';
import type { Interval } from './wilson.ts';

/** How one quantile compares with another. */
export interface QuantileComparison {
  /** one / other. */
  readonly ratio: Interval;
  /** one - other, in seconds. */
  readonly difference: Interval;
}

/**
 * Joins the limits of both as independent errors, for the difference and, on the scale of logarithms, for the ratio.
 * Source: G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a general approach",
 * Statistics in Medicine 27 (2008). What is open at the top makes the comparison open, too.
 */
export function compareQuantiles(one: Quantile, other: Quantile): QuantileComparison {
  const difference = one.value - other.value;
  const ratio = one.value / other.value;
  const down = Math.hypot(Math.log(one.value / one.lower), Math.log(other.upper / other.value));
  const up = Math.hypot(Math.log(one.upper / one.value), Math.log(other.value / other.lower));
  return {
    ratio: { lower: ratio * Math.exp(-down), upper: ratio * Math.exp(up) },
    difference: {
      lower: difference - Math.hypot(one.value - one.lower, other.upper - other.value),
      upper: difference + Math.hypot(one.upper - one.value, other.value - other.lower),
    },
  };
}
