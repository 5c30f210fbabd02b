import { backoff } from '../runtime/backoff.ts';

/** What Kinesis answered about the records of one shard in one request. */
export interface ShardAnswer {
  readonly acknowledged: number;
  readonly failed: number;
  /** Bytes of the acknowledged records, data and keys. */
  readonly bytes: number;
  /** When the request was sent. */
  readonly sentAt: number;
}

/** How fast records may be sent to one shard; milliseconds of the caller's clock. */
export interface ShardPace {
  /** What may be sent now, with so many records on their way; the last record may go beyond the bytes. */
  allowed(now: number, inFlight: number): { readonly records: number; readonly bytes: number };
  /** From when on something may be sent; `now` or earlier if it may now, as far as the pace is concerned. */
  readyAt(now: number): number;
  /** A record of so many bytes is sent. */
  sent(bytes: number, now: number): void;
  answered(answer: ShardAnswer, now: number): void;
}

/** A shard's limits, a second: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const [RECORDS, BYTES] = [1_000, 1_048_576];
/** Least rate: 5 records a second. */
const LEAST = 0.005;
/** Above this rate there is as good as no limit. */
const UNLIMITED = 50;
/** What isn't sent in time can be sent later, for so many milliseconds; a shard's own limit allows for a second. */
const BURST = 300;
/** Least pause between two sends to a shard at its limit, so that requests aren't too small. */
const PULSE = 25;
/** Least time between two reductions, in milliseconds. */
const REDUCE_EVERY = 300;

/**
 * The pace of a shard. It has no limit until records fail, but that no more are on their way than a shard takes in a
 * second; then its rate is a share of a shard's limits, in records and
 * in bytes. After a failure it is what the shard took in the last second, less 3 %; without failures it grows, by 2 % of
 * the limits a second and faster towards where it was before (additive increase, multiplicative decrease), and
 * after ten seconds ever faster, so that a limit that was raised is found. A shard whose limit several relays share
 * is shared so, too.
 *
 * A shard that takes nothing is tried with single records, with pauses that grow exponentially, with full jitter.
 */
export function shardPace(random: () => number = Math.random): ShardPace {
  /** Shares of the limits: 1 is 1,000 records and 1 MiB a second. `known`: the rate to come back to quickly. */
  let [rate, known] = [Infinity, Infinity];
  /** What may be sent of the rate at the time `at`. */
  let [records, bytes, at] = [0, 0, 0];
  let [changedAt, reducedAt, failures, pausedUntil, probing] = [-Infinity, -Infinity, 0, 0, false];
  /** What the shard took in the last second, in its order. */
  let taken: { readonly at: number; readonly records: number; readonly bytes: number }[] = [];

  function pass(now: number): void {
    const seconds = Math.max(0, now - at) / 1_000;
    at = Math.max(at, now);
    if (rate === Infinity) return;
    const quiet = Math.max(0, now - reducedAt - 10_000) / 5_000;
    rate += seconds * (0.02 * 2 ** Math.min(quiet, 20) + 2 * Math.max(0, known - rate));
    if (rate > UNLIMITED) [rate, known] = [Infinity, Infinity];
    const most = Math.max((rate * BURST) / 1_000, 1 / RECORDS);
    records = Math.min(most * RECORDS, records + seconds * rate * RECORDS);
    bytes = Math.min(most * BYTES, bytes + seconds * rate * BYTES);
  }

  /** Records that have to be allowed before some are sent. */
  const pulse = () => Math.max(1, (rate * RECORDS * PULSE) / 1_000);

  function reduce(delivered: number, now: number): void {
    const before = Math.min(rate, known);
    rate = 0.97 * Math.max(LEAST, Math.min(rate, delivered, before === Infinity ? 1 : Infinity));
    known = before === Infinity ? rate : Math.max(rate, (rate + before) / 2);
    [records, bytes] = [Math.min(0, records), Math.min(0, bytes)];
    reducedAt = now;
  }

  return {
    allowed(now, inFlight) {
      pass(now);
      if (now < pausedUntil || (probing && inFlight > 0)) return { records: 0, bytes: 0 };
      if (probing) return { records: 1, bytes: Infinity };
      if (rate === Infinity) return { records: Math.max(0, RECORDS - inFlight), bytes: Infinity };
      return records + 1e-6 < pulse() || bytes <= 0
        ? { records: 0, bytes: 0 }
        : { records: Math.floor(records + 1e-6), bytes };
    },
    readyAt(now) {
      pass(now);
      if (now < pausedUntil) return pausedUntil;
      if (probing || rate === Infinity) return now;
      const lacking = Math.max((pulse() - records) / RECORDS, bytes > 0 ? 0 : (1 - bytes) / BYTES);
      return lacking <= 0 ? now : now + Math.ceil((lacking / rate) * 1_000);
    },
    sent(size, now) {
      pass(now);
      if (rate === Infinity) return;
      records -= 1;
      bytes -= size;
    },
    answered({ acknowledged, failed, bytes: size, sentAt }, now) {
      pass(now);
      if (acknowledged > 0) {
        taken.push({ at: now, records: acknowledged, bytes: size });
        if (probing) rate = Math.max(LEAST, known / 4);
        [failures, probing] = [0, false];
      }
      taken = taken.filter((one) => one.at > now - 1_000);
      // A request that was under way when the pace changed says nothing about the new pace.
      if (failed === 0 || sentAt < changedAt) return;
      if (taken.length === 0) {
        // As before the failure when it takes something again, or with Kinesis' own limits.
        known = Math.min(known, 1);
        [rate, records, bytes, probing] = [LEAST, 0, 0, true];
        pausedUntil = now + backoff(failures++, { base: 50, cap: 5_000, random });
        changedAt = now;
        return;
      }
      if (now - reducedAt < REDUCE_EVERY) return;
      const total = { records: 0, bytes: 0 };
      for (const one of taken) {
        total.records += one.records;
        total.bytes += one.bytes;
      }
      reduce(Math.max(total.records / RECORDS, total.bytes / BYTES), now);
      changedAt = now;
    },
  };
}
