/**
 * Seconds: the upper bounds of the buckets that the time of requests is counted in; the last bucket is open. Every third
 * is one that Prometheus is shown; the two between make a quantile known within a third of itself.
 */
export const DURATION_BOUNDS: readonly number[] = [
  ...[0.001, 0.0014, 0.0018, 0.0025, 0.0031, 0.004, 0.005, 0.0063, 0.008],
  ...[0.01, 0.0135, 0.018, 0.025, 0.031, 0.04, 0.05, 0.063, 0.08],
  ...[0.1, 0.135, 0.18, 0.25, 0.31, 0.4, 0.5, 0.63, 0.8],
  ...[1, 1.35, 1.8, 2.5, 3.1, 4, 5, 6.3, 8],
  ...[10, 14, 20, 30],
];

/** A quantile of what was counted, in seconds, and between what it lies. */
export interface Quantile {
  /** Where it would be if the values of a bucket were spread evenly (as `histogram_quantile` of Prometheus has it). */
  readonly value: number;
  /** It lies between these at 95 % confidence, wherever in their buckets the values are; `upper` may be Infinity. */
  readonly lower: number;
  readonly upper: number;
}

/** Standard errors for 95 %, of both sides. */
const Z = 1.96;

/**
 * The quantile `q` (0 to 1) of values counted by `DURATION_BOUNDS`; undefined without any. Its confidence limits are
 * order statistics, whose ranks are binomial (Hahn and Meeker, "Statistical Intervals", 1991, §5.2), each widened to
 * the end of its bucket. With fewer values than 3.84 q / (1 - q) there is no upper limit: 73 for p95, 381 for p99.
 */
export function quantileOf(buckets: readonly number[], q: number): Quantile | undefined {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = total * q;
  const spread = Z * Math.sqrt(total * q * (1 - q));
  const { bucket, before } = find(buckets, rank);
  const [begin, end] = edges(bucket);
  const value = end === Infinity ? begin : begin + ((end - begin) * (rank - before)) / buckets[bucket]!;
  return {
    value,
    lower: edges(find(buckets, Math.max(rank - spread, 0)).bucket)[0],
    upper: rank + spread > total ? Infinity : edges(find(buckets, rank + spread).bucket)[1],
  };
}

/** The bucket that holds the value of this rank, and how many values are below it. */
function find(buckets: readonly number[], rank: number): { bucket: number; before: number } {
  let before = 0;
  for (const [bucket, count] of buckets.entries()) {
    if (count > 0 && before + count >= rank) return { bucket, before };
    before += count;
  }
  return { bucket: DURATION_BOUNDS.length, before };
}

const edges = (bucket: number): [number, number] => [
  DURATION_BOUNDS[bucket - 1] ?? 0,
  DURATION_BOUNDS[bucket] ?? Infinity,
];
