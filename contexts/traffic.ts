import { DURATION_BOUNDS } from './durations.ts';

/** What became of the requests that one side got, in a while. */
export interface Traffic {
  /** Milliseconds that were looked at. */
  readonly forMs: number;
  /** Requests that were answered, or would have been: those that the monolith answered in a failing service's place are the service's, too. */
  readonly requests: number;
  /** Of these: answered with 5xx, or by the monolith in the service's place. */
  readonly failed: number;
  /** Requests whose client went away before there was an answer; not among `requests`. */
  readonly aborted: number;
  /** How long the side's own answers took, from the request's head to the last byte, by `DURATION_BOUNDS`. */
  readonly buckets: readonly number[];
}

/** `now`: the last five minutes. `long`: up to a day. Neither reaches back beyond the last change of the context's stages. */
export interface TrafficWindows {
  readonly now: Traffic;
  readonly long: Traffic;
}

export const NO_TRAFFIC: Traffic = {
  ...{ forMs: 0, requests: 0, failed: 0, aborted: 0 },
  buckets: [...DURATION_BOUNDS.map(() => 0), 0],
};

/** What several gateways saw. The time is that of the one that looked longest. */
export function sumTraffic(all: readonly Traffic[]): Traffic {
  return all.reduce(
    (sum, one) => ({
      forMs: Math.max(sum.forMs, one.forMs),
      requests: sum.requests + one.requests,
      failed: sum.failed + one.failed,
      aborted: sum.aborted + one.aborted,
      buckets: sum.buckets.map((count, index) => count + one.buckets[index]!),
    }),
    NO_TRAFFIC,
  );
}
