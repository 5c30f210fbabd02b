import type { HeldEvents } from './held-events.ts';
import { consumerLag, type Lag, type ShardProgress } from './consumer-lag.ts';

/** How long a proof that this clock is behind is remembered. */
const CLOCK_MEMORY = 60_000;

/** What a page tells of its shard; times in milliseconds since 1970. */
export interface PageRead {
  /** When the read began. */
  readonly startedAt: number;
  /** How far behind the tip the page's end is. */
  readonly behindMs: number;
  /** There may be more, whatever `behindMs` says. */
  readonly full: boolean;
  /** When the page's events were recorded, the oldest and the youngest; undefined when it has none. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
}

/** Keeps, per shard, what the lag is computed from. */
export interface Progress {
  /** A shard to be read from now on; its lag is unknown until it has been read. */
  begin(shard: string): void;
  read(shard: string, page: PageRead): void;
  /** The oldest event in hand was recorded at `time`; undefined: nothing is in hand. */
  inHand(shard: string, time: number | undefined): void;
  end(shard: string): void;
  /** Shards may exist that are not known (a shard ended, its children are not listed yet). */
  unlisted(unknown: boolean): void;
  shards(): number;
  /** The shards being read, each with when that began. */
  shardsSince(): ReadonlyMap<string, number>;
  lag(): Lag;
}

/** `held`: the events that were read and held back, and so are in no shard's hand. */
export function openProgress(
  staleAfter: number,
  now: () => number = Date.now,
  held: Pick<HeldEvents, 'oldest' | 'problem'> = { oldest: () => undefined, problem: () => undefined },
): Progress {
  const shards = new Map<string, ShardProgress>();
  const since = new Map<string, number>();
  let incomplete = true;
  let clock = { behind: 0, provedAt: 0 };
  return {
    begin(shard) {
      shards.set(shard, { behindMs: 0 });
      since.set(shard, now());
    },
    read(shard, { startedAt, behindMs, full, oldest, newest = 0 }) {
      const at = now();
      // Nothing is read before it was recorded: this clock is behind by at least the difference.
      if (newest - at >= forgetful(clock, at)) clock = { behind: newest - at, provedAt: at };
      // A page may be empty and behind the tip: then what was unread before still is.
      const unread = full || behindMs > 0 ? (oldest ?? shards.get(shard)?.unread) : undefined;
      shards.set(shard, { readAt: startedAt, behindMs, oldest, unread });
    },
    inHand(shard, time) {
      const progress = shards.get(shard);
      if (progress) shards.set(shard, { ...progress, oldest: time });
    },
    end(shard) {
      shards.delete(shard);
      since.delete(shard);
    },
    unlisted: (unknown) => void (incomplete = unknown),
    shards: () => shards.size,
    shardsSince: () => since,
    lag() {
      if (incomplete) return { lagMs: null, reason: "the stream's shards are not all known" };
      const reason = held.problem();
      if (reason !== undefined) return { lagMs: null, reason };
      const at = now();
      const clockBehind = forgetful(clock, at);
      return consumerLag(shards, { now: at, staleAfter, clockBehind, held: held.oldest() });
    },
  };
}

function forgetful(clock: { behind: number; provedAt: number }, at: number): number {
  return at - clock.provedAt > CLOCK_MEMORY ? 0 : clock.behind;
}
