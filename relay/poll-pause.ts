/** Shortest pause between two looks into the outbox while events trickle, in milliseconds. */
const LEAST = 10;

/**
 * The pause before the next look into the outbox: none after a full read, a short one after any find, then
 * twice as long each time nothing was found, up to `poll`. Never shorter than the look `took`, so that looks past many
 * rows that can't be sent now keep the database busy half of the time at most. Pure.
 */
export function pollPause(
  previous: number,
  { found, full, took, poll }: { found: number; full: boolean; took: number; poll: number },
): number {
  if (full) return 0;
  const pause = found > 0 ? LEAST : Math.max(LEAST, previous * 2);
  return Math.max(took, Math.min(poll, pause));
}
