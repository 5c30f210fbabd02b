/**
 * Exponential backoff with full jitter: a wait drawn evenly from 0 to min(cap, base * 2^attempt) milliseconds.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoff(attempt: number, { base = 50, cap = 5_000, random = Math.random } = {}): number {
  return random() * Math.min(cap, base * 2 ** Math.min(attempt, 30));
}
