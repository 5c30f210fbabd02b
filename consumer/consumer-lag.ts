/** The lag in milliseconds, or null and why nobody can say. */
export type Lag =
  { readonly lagMs: number; readonly reason?: undefined } | { readonly lagMs: null; readonly reason: string };

/** What is known of one shard; times in milliseconds since 1970. */
export interface ShardProgress {
  /** When the last successful read began. */
  readonly readAt?: number;
  /** How far behind the tip the end of that page was. */
  readonly behindMs: number;
  /** When the oldest event that was read but is not handled was recorded. */
  readonly oldest?: number | undefined;
  /**
   * When the oldest event of the last page was recorded, while that page didn't reach the tip: what is left unread is
   * taken for as old, since only its arrival is known to be later.
   */
  readonly unread?: number | undefined;
}

export interface LagLimits {
  readonly now: number;
  /** How long a shard may go unread, with nothing in hand, before its lag is unknown. Milliseconds. */
  readonly staleAfter: number;
  /** How far this clock is known to be behind the clock that recorded the events. Milliseconds. */
  readonly clockBehind: number;
  /** When the oldest event was recorded that is held back until a number before its own has come. */
  readonly held?: number | undefined;
}

/** Further apart than this, clocks don't measure lag any more. Milliseconds. */
export const CLOCK_TOLERANCE = 1_000;

/**
 * The greatest lag of all shards, never understated: what is not read yet counts as old as the last read allows,
 * and a clock that is behind is corrected by as much as it is known to be.
 */
export function consumerLag(
  shards: ReadonlyMap<string, ShardProgress>,
  { now, staleAfter, clockBehind, held }: LagLimits,
): Lag {
  if (shards.size === 0) return { lagMs: null, reason: 'no shard has been read' };
  if (clockBehind > CLOCK_TOLERANCE)
    return { lagMs: null, reason: `events were recorded up to ${clockBehind} ms ahead of this clock` };
  let lagMs = held === undefined ? 0 : Math.max(0, now - held + clockBehind);
  for (const [shard, { readAt, behindMs, oldest, unread }] of shards) {
    if (readAt === undefined) return { lagMs: null, reason: `${shard} has not been read` };
    const sinceTip = behindMs + now - readAt;
    if (oldest === undefined && now - readAt > staleAfter)
      return { lagMs: null, reason: `${shard} could not be read for ${now - readAt} ms` };
    const since = Math.min(oldest ?? Infinity, unread ?? Infinity);
    lagMs = Math.max(lagMs, sinceTip, since === Infinity ? 0 : now - since + clockBehind);
  }
  return { lagMs };
}
