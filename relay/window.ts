import type { Prepared, RowIdentity } from './prepare.ts';
import type { HeldBucket } from './leases.ts';

/** A key that the relay has in memory. While it is here, its rows are not claimed. */
export interface KeyState extends HeldBucket {
  readonly key: string;
  /** A prefix of the key's pending rows that weren't acknowledged; the first may be in flight. */
  rows: Prepared[];
  inFlight: boolean;
  /** Rows that are acknowledged (or parked) and not settled yet. */
  unsettled: number;
  /** Failures of the first row in a row. */
  attempts: number;
  /** Not sent before this time. */
  notBefore: number;
  /** A request in doubt may still take effect until then. */
  doubtUntil: number;
  /** Sent in a request by itself, because a request that carried it was refused as invalid. */
  alone: boolean;
  /** When the first row was refused as invalid although it was alone. */
  refusedAt: number | undefined;
}

/** Rows of one key that are kept: the rest is claimed again later, so that a hot key leaves room for cold ones. */
const ROWS_PER_KEY = 32;

export interface WindowSize {
  /** Most rows in memory. */
  readonly rows: number;
  /** Bytes in memory to aim at. */
  readonly bytes: number;
}

export type Window = ReturnType<typeof createWindow>;

/**
 * The rows that the relay has read and not finished: per key a prefix of its pending rows, so that the
 * first of them is always the next to send. Pure state, no I/O; times are milliseconds of one clock.
 */
export function createWindow(
  { rows: mostRows, bytes: mostBytes }: WindowSize = { rows: 4_000, bytes: 32 * 1_048_576 },
) {
  const keys = new Map<string, KeyState>();
  let rows = 0;
  let meanBytes = 4_096;

  const drop = (state: KeyState, from: number) => {
    rows -= state.rows.length - from;
    state.rows.length = from;
  };
  const shift = (state: KeyState): void => {
    state.rows.shift();
    rows -= 1;
    Object.assign(state, { attempts: 0, notBefore: 0, alone: false, refusedAt: undefined });
  };
  const over = (state: KeyState, now: number) =>
    state.rows.length === 0 &&
    !state.inFlight &&
    state.unsettled === 0 &&
    state.notBefore <= now &&
    state.doubtUntil <= now;

  return {
    /** Takes in what was claimed, in id order per key. */
    add(prepared: readonly Prepared[], epochs: ReadonlyMap<number, number>): void {
      const fresh = new Set<string>();
      let bytes = 0;
      for (const one of prepared) {
        const { key, bucket } = one.row;
        bytes += one.kind === 'record' ? one.bytes : 0;
        if (!keys.has(key)) {
          fresh.add(key);
          keys.set(key, { ...NEW_KEY, key, bucket, epoch: epochs.get(bucket) ?? -1, rows: [] });
        }
        const state = keys.get(key)!;
        if (!fresh.has(key) || state.rows.length >= ROWS_PER_KEY) continue;
        state.rows.push(one);
        rows += 1;
      }
      if (prepared.length > 0) meanBytes = Math.max(256, bytes / prepared.length, meanBytes / 2);
    },
    /** The keys of a bucket that must not be claimed; those that are through are forgotten. */
    keysByBucket(now: number): Map<number, string[]> {
      const found = new Map<number, string[]>();
      for (const state of keys.values()) {
        if (over(state, now)) keys.delete(state.key);
        else found.set(state.bucket, [...(found.get(state.bucket) ?? []), state.key]);
      }
      return found;
    },
    /**
     * How many rows there is room for. When the window is more than half full, rows of keys that wait for a
     * retry are dropped (they are claimed again in time), so that what can't be sent now doesn't occupy it.
     */
    room(now: number): number {
      const size = Math.min(mostRows, mostBytes / meanBytes);
      if (rows > size / 2) {
        for (const state of keys.values()) if (!state.inFlight && state.notBefore > now) drop(state, 0);
      }
      return Math.max(0, Math.floor(size - rows));
    },
    /** Keys whose first row can be dealt with now, those that waited longest first. */
    *ready(now: number): Generator<KeyState> {
      for (const state of [...keys.values()]) {
        if (!state.inFlight && state.rows.length > 0 && state.notBefore <= now) yield state;
      }
    },
    /** When the next waiting key may be sent; Infinity when none waits. */
    nextRetry(now: number): number {
      let next = Infinity;
      for (const { notBefore, inFlight } of keys.values())
        if (!inFlight && notBefore > now) next = Math.min(next, notBefore);
      return next;
    },
    sent(state: KeyState): void {
      state.inFlight = true;
      // To the end of the line: keys take turns.
      keys.delete(state.key);
      keys.set(state.key, state);
    },
    /** The first row is acknowledged, silent or poison; its settling (or parking) is to come. */
    done(state: KeyState): RowIdentity {
      const { row, kind } = state.rows[0]!;
      state.inFlight = false;
      state.unsettled += 1;
      shift(state);
      // Behind a poison row nothing may go.
      if (kind === 'poison') drop(state, 0);
      return row;
    },
    /** The first row stays the first. `doubtUntil`: the request may still take effect until then. */
    retry(state: KeyState, { notBefore, doubtUntil = 0 }: { notBefore: number; doubtUntil?: number }): void {
      state.inFlight = false;
      state.attempts += 1;
      state.notBefore = notBefore;
      state.doubtUntil = Math.max(state.doubtUntil, doubtUntil);
    },
    /** The first row can never be sent. */
    poison(state: KeyState, reason: string): void {
      state.rows[0] = { row: state.rows[0]!.row, kind: 'poison', reason };
      state.inFlight = false;
    },
    /** One row of the key is settled or parked, or its settling is another relay's now. */
    settled(key: string): void {
      const state = keys.get(key);
      if (state) state.unsettled -= 1;
    },
    /** Drops what isn't in flight of keys whose bucket fails `keep`: lost, or being given up. */
    retain(keep: (held: HeldBucket) => boolean): void {
      for (const state of keys.values()) if (!keep(state)) drop(state, state.inFlight ? 1 : 0);
    },
    /** Whether nothing of the bucket is in flight, in doubt or unsettled. */
    idle(bucket: number, now: number): boolean {
      for (const state of keys.values()) {
        if (state.bucket === bucket && (state.inFlight || state.unsettled > 0 || state.doubtUntil > now))
          return false;
      }
      return true;
    },
    get rows() {
      return rows;
    },
    get keys() {
      return keys.size;
    },
  };
}

const NEW_KEY = {
  inFlight: false,
  unsettled: 0,
  attempts: 0,
  notBefore: 0,
  doubtUntil: 0,
  alone: false,
  refusedAt: undefined,
};
