import { wilson, type Interval } from './wilson.ts';

/** So many of so many. */
export interface Rate {
  readonly hits: number;
  readonly total: number;
}

export const shareOf = ({ hits, total }: Rate): number => (total === 0 ? 0 : hits / total);

/**
 * How much greater the share of `one` is than that of `other`, at 95 % confidence, -1 to 1. Without any of one side
 * that side's share is anything from 0 to 1.
 * Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
 * methods", Statistics in Medicine 17 (1998), method 10: the Wilson limits of both, joined as independent errors.
 */
export function differenceOf(one: Rate, other: Rate): Interval {
  const [a, b] = [shareOf(one), shareOf(other)];
  const [first, second] = [wilson(one.hits, one.total), wilson(other.hits, other.total)];
  const difference = a - b;
  return {
    lower: difference - Math.hypot(a - first.lower, second.upper - b),
    upper: difference + Math.hypot(first.upper - a, b - second.lower),
  };
}
