import type { PendingRow } from '../outbox/find-pending.ts';
import type { HeldBucket } from './leases.ts';
import type { Prepared, RowIdentity } from './prepare.ts';
import { equalRanges, type ShardRange } from './shard-range.ts';
import { shardStates, type ShardState } from './shard-states.ts';

/** A key that the relay has in memory. While it is here, its rows are not claimed. */
export interface KeyState extends HeldBucket {
  readonly key: string;
  shard: ShardState;
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

/** Rows of one key that are claimed at once, so that a hot key leaves room for cold ones. */
const ROWS_PER_KEY = 32;
/** What an event's envelope adds to its data, about. */
const ENVELOPE = 512;
/** Least share of a shard: with very many shards the window becomes larger than it should. */
const LEAST_ROWS = 32;
const LEAST_BYTES = 262_144;

export interface WindowSize {
  /** Most rows in memory. */
  readonly rows: number;
  /** Bytes in memory to aim at: each shard may go beyond its share by one event. */
  readonly bytes: number;
}

export interface Choice {
  readonly rows: readonly PendingRow[];
  /** Per bucket, how many rows were passed over because their shard had no room from the beginning. */
  readonly passedOver: ReadonlyMap<number, number>;
}

export type Window = ReturnType<typeof createWindow>;

/**
 * The rows that the relay has read and not finished: per key a prefix of its pending rows, so that the
 * first of them is always the next to send. A key stays until its last row here is settled, with all that is known of
 * its failures. Pure state, no I/O; times are milliseconds of one clock.
 *
 * Each shard has its share of the window and no more, whether it does well or not: rows of a shard that takes little
 * or nothing fill its share and wait there, and the others' go on. The shards are guessed until `reshard`.
 */
export function createWindow(size: WindowSize = { rows: 4_000, bytes: 32 * 1_048_576 }) {
  const keys = new Map<string, KeyState>();
  let shards = shardStates(equalRanges(16));

  const share = (whole: number, least: number) => Math.max(least, Math.floor(whole / shards.all.length));
  const rowShare = () => share(size.rows, LEAST_ROWS);
  const byteShare = () => share(size.bytes, LEAST_BYTES);
  const isFull = ({ rows, bytes }: { rows: number; bytes: number }) =>
    rows >= rowShare() || bytes >= byteShare();
  const count = (state: KeyState, sign: 1 | -1, rows: readonly Prepared[] = state.rows) => {
    state.shard.rows += sign * rows.length;
    state.shard.bytes += sign * rows.reduce((sum, row) => sum + bytesOf(row), 0);
  };
  const drop = (state: KeyState, from: number) => count(state, -1, state.rows.splice(from));
  const land = (state: KeyState) => {
    if (state.inFlight) state.shard.inFlight -= 1;
    state.inFlight = false;
  };
  const over = (state: KeyState, now: number) =>
    state.rows.length === 0 && !state.inFlight && state.unsettled === 0 && state.doubtUntil <= now;

  return {
    /** The stream's shards now. */
    reshard(ranges: readonly ShardRange[]): void {
      shards = shardStates(ranges, shards);
      for (const state of keys.values()) {
        state.shard = shards.of(state.key);
        count(state, 1);
        if (state.inFlight) state.shard.inFlight += 1;
      }
    },
    /** How many rows there is room for, in shards that have an eighth of their share free; 0 when none has. */
    room(): number {
      return shards.all
        .filter(({ rows, bytes }) => rows <= (rowShare() * 7) / 8 && bytes <= (byteShare() * 7) / 8)
        .reduce((sum, { rows }) => sum + rowShare() - rows, 0);
    },
    /**
     * What to read of the rows that were found, the oldest first: as many as the share of their shard takes in rows and
     * bytes, and per key its first ones. Where a row is passed over, so is what stands behind it in its key.
     */
    choose(found: readonly PendingRow[]): Choice {
      const planned = new Map<ShardState, { rows: number; bytes: number }>();
      const chosen = new Map<string, number>();
      const passedOver = new Map<number, number>();
      const rows = found
        .toSorted((a, b) => Number(a.id) - Number(b.id))
        .filter(({ partition_key: key, bucket, bytes }) => {
          const before = chosen.get(key) ?? 0;
          if (keys.has(key) || before >= ROWS_PER_KEY) return false;
          const shard = shards.of(key);
          const plan = planned.get(shard) ?? shard;
          if (isFull(plan)) {
            if (plan === shard) passedOver.set(bucket, (passedOver.get(bucket) ?? 0) + 1);
            return false;
          }
          planned.set(shard, { rows: plan.rows + 1, bytes: plan.bytes + bytes + ENVELOPE });
          chosen.set(key, before + 1);
          return true;
        });
      return { rows, passedOver };
    },
    /** Takes in what was claimed, in id order per key. */
    add(prepared: readonly Prepared[], epochs: ReadonlyMap<number, number>): void {
      const fresh = new Set<string>();
      for (const one of prepared) {
        const { key, bucket } = one.row;
        if (!keys.has(key)) {
          fresh.add(key);
          const epoch = epochs.get(bucket) ?? -1;
          keys.set(key, { ...NEW_KEY, key, bucket, epoch, shard: shards.of(key), rows: [] });
        }
        if (!fresh.has(key)) continue;
        const state = keys.get(key)!;
        state.rows.push(one);
        count(state, 1, [one]);
      }
    },
    /** The keys of a bucket that must not be claimed; those that are through are forgotten. */
    keysByBucket(now: number): Map<number, string[]> {
      const found = new Map<number, string[]>();
      for (const state of keys.values()) {
        if (over(state, now)) {
          keys.delete(state.key);
          continue;
        }
        if (!found.has(state.bucket)) found.set(state.bucket, []);
        found.get(state.bucket)!.push(state.key);
      }
      return found;
    },
    /** Keys whose first row can be dealt with now, those that waited longest first. */
    *ready(now: number): Generator<KeyState> {
      for (const state of [...keys.values()]) {
        if (!state.inFlight && state.rows.length > 0 && state.notBefore <= now) yield state;
      }
    },
    /** When the next key that waits, or whose shard does, may be sent; Infinity when none waits. */
    nextRetry(now: number): number {
      let next = Infinity;
      for (const { notBefore, inFlight, rows, shard } of keys.values()) {
        const at = Math.max(notBefore, shard.pace.pausedUntil);
        if (!inFlight && rows.length > 0 && at > now) next = Math.min(next, at);
      }
      return next;
    },
    sent(state: KeyState): void {
      state.inFlight = true;
      state.shard.inFlight += 1;
      // To the end of the line: keys take turns.
      keys.delete(state.key);
      keys.set(state.key, state);
    },
    /** The first row is acknowledged, silent or poison; its settling (or parking) is to come. */
    done(state: KeyState): RowIdentity {
      const first = state.rows[0]!;
      land(state);
      state.unsettled += 1;
      count(state, -1, state.rows.splice(0, 1));
      Object.assign(state, { attempts: 0, notBefore: 0, alone: false, refusedAt: undefined });
      // Behind a poison row nothing may go.
      if (first.kind === 'poison') drop(state, 0);
      return first.row;
    },
    /** The first row stays the first. `doubtUntil`: the request may still take effect until then. */
    retry(state: KeyState, { notBefore, doubtUntil = 0 }: { notBefore: number; doubtUntil?: number }): void {
      land(state);
      state.attempts += 1;
      state.notBefore = notBefore;
      state.doubtUntil = Math.max(state.doubtUntil, doubtUntil);
    },
    /** The first row can never be sent. */
    poison(state: KeyState, reason: string): void {
      land(state);
      const [{ row }] = state.rows as [Prepared];
      count(state, -1, state.rows.splice(0, 1, { row, kind: 'poison', reason }));
      state.shard.rows += 1;
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
      return shards.all.reduce((sum, { rows }) => sum + rows, 0);
    },
    get keys() {
      return keys.size;
    },
  };
}

function bytesOf(prepared: Prepared): number {
  return prepared.kind === 'record' ? prepared.bytes : 0;
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
