/** Both ends of the interval in which the true share lies. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Standard errors for 95 %, of both sides. */
const Z = 1.96;

/**
 * The share that `hits` of `total` stand for, at 95 % confidence. Unlike hits / total it knows how few there were: 10 of
 * 10 are a share of 0.72 at least, 400 of 400 one of 0.99. Nothing seen is anything from 0 to 1.
 * Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
 */
export function wilson(hits: number, total: number): Interval {
  if (total === 0) return { lower: 0, upper: 1 };
  const share = hits / total;
  const square = Z ** 2;
  const middle = share + square / (2 * total);
  const spread = Z * Math.sqrt((share * (1 - share)) / total + square / (4 * total ** 2));
  const scale = 1 + square / total;
  return { lower: Math.max(0, (middle - spread) / scale), upper: Math.min(1, (middle + spread) / scale) };
}
