import { consumerLag, type Lag, type ShardProgress } from './consumer-lag.ts';

/** How long a proof that this clock is behind is remembered. */
const CLOCK_MEMORY = 60_000;

/** Keeps, per shard, what the lag is computed from. */
export interface Progress {
  /** A shard to be read from now on; its lag is unknown until it has been read. */
  begin(shard: string): void;
  /** `newest`: when the youngest event of the page was recorded; 0 when there is none. */
  read(shard: string, page: { startedAt: number; behindMs: number; newest: number }): void;
  /** The oldest event in hand was recorded at `time`; undefined: nothing is in hand. */
  inHand(shard: string, time: number | undefined): void;
  end(shard: string): void;
  /** Shards may exist that are not known (a shard ended, its children are not listed yet). */
  unlisted(unknown: boolean): void;
  shards(): number;
  lag(): Lag;
}

export function openProgress(staleAfter: number, now: () => number = Date.now): Progress {
  const shards = new Map<string, ShardProgress>();
  let incomplete = true;
  let clock = { behind: 0, provedAt: 0 };
  return {
    begin: (shard) => void shards.set(shard, { behindMs: 0 }),
    read(shard, { startedAt, behindMs, newest }) {
      const at = now();
      // Nothing is read before it was recorded: this clock is behind by at least the difference.
      if (newest - at >= forgetful(clock, at)) clock = { behind: newest - at, provedAt: at };
      shards.set(shard, { readAt: startedAt, behindMs });
    },
    inHand(shard, time) {
      const progress = shards.get(shard);
      if (progress) shards.set(shard, { ...progress, oldest: time });
    },
    end: (shard) => void shards.delete(shard),
    unlisted: (unknown) => void (incomplete = unknown),
    shards: () => shards.size,
    lag() {
      if (incomplete) return { lagMs: null, reason: "the stream's shards are not all known" };
      const at = now();
      return consumerLag(shards, { now: at, staleAfter, clockBehind: forgetful(clock, at) });
    },
  };
}

function forgetful(clock: { behind: number; provedAt: number }, at: number): number {
  return at - clock.provedAt > CLOCK_MEMORY ? 0 : clock.behind;
}
