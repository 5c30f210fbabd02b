/** Shortest pause between two looks into the outbox while events trickle, in milliseconds. */
const LEAST = 10;

/**
 * The pause before the next look into the outbox: none after a full read, a short one after any find, then
 * twice as long each time nothing was found, up to `poll`. Pure.
 */
export function pollPause(
  previous: number,
  { found, full, poll }: { found: number; full: boolean; poll: number },
): number {
  if (full) return 0;
  if (found > 0) return Math.min(LEAST, poll);
  return Math.min(poll, Math.max(LEAST, previous * 2));
}
