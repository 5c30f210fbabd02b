/**
 * The smallest interval [low, high] of successes that holds a Binomial(n, p) count with at least `confidence`,
 * leaving at most half of the rest in either tail. Exact: sums the probabilities, no normal approximation.
 */
export function binomialInterval(n: number, p: number, confidence: number): [low: number, high: number] {
  if (p <= 0) return [0, 0];
  if (p >= 1) return [n, n];
  const tail = (1 - confidence) / 2;
  let low = 0;
  for (let below = probability(n, p, 0); below <= tail; below += probability(n, p, low)) low += 1;
  let high = n;
  for (let above = probability(n, p, n); above <= tail; above += probability(n, p, high)) high -= 1;
  return [low, high];
}

function probability(n: number, p: number, k: number): number {
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i += 1) sum += Math.log((n - k + i) / i);
  return sum;
}
