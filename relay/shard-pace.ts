import { backoff } from '../runtime/backoff.ts';

/** What Kinesis answered about the records of one shard in one request. */
export interface ShardAnswer {
  readonly acknowledged: number;
  readonly failed: number;
  /** When the request was sent. */
  readonly sentAt: number;
}

/** How many records may be on their way to one shard; milliseconds of the caller's clock. */
export interface ShardPace {
  /** Most records on their way at once; 0 while the shard is left in peace. */
  allowed(now: number): number;
  /** Nothing is sent to the shard before. */
  readonly pausedUntil: number;
  answered(answer: ShardAnswer, now: number): void;
}

/** As good as no limit: more than all requests at once can carry. */
const MOST = 2_000;

/**
 * The pace of a shard: half as fast after each answer with failures, one record at a time after an answer with nothing
 * else, and half as fast again as before with each answer without. Each failure is followed by a pause,
 * exponentially longer while nothing gets through, with full jitter. So a shard at its limit is sent little more than it takes, and
 * one that takes nothing is tried with single records.
 */
export function shardPace(random: () => number = Math.random): ShardPace {
  let [allowed, failures, pausedUntil, changedAt] = [MOST, 0, 0, -Infinity];
  return {
    allowed: (now) => (now < pausedUntil ? 0 : allowed),
    get pausedUntil() {
      return pausedUntil;
    },
    answered({ acknowledged, failed, sentAt }, now) {
      if (failed === 0) {
        failures = 0;
        allowed = Math.min(MOST, Math.ceil(allowed * 1.5));
        return;
      }
      // A request that was under way when the pace changed says nothing about the new pace.
      if (sentAt < changedAt) return;
      changedAt = now;
      if (acknowledged > 0) failures = 0;
      allowed = acknowledged > 0 ? Math.max(1, Math.floor(allowed / 2)) : 1;
      pausedUntil = now + backoff(failures++, { base: 50, cap: 5_000, random });
    },
  };
}
