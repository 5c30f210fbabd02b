import type { PendingRow } from '../outbox/find-pending.ts';
import { newKey, type KeyState } from './key-state.ts';
import type { HeldBucket } from './leases.ts';
import type { NextRecord } from './next-record.ts';
import type { Prepared, RowIdentity } from './prepare.ts';
import { equalRanges, type ShardRange } from './shard-range.ts';
import { shardStates, type ShardState } from './shard-states.ts';

/** Rows of one key in memory from which on it counts as hot, if the outbox has more of them. */
const HOT = 16;
/** A shard's share is refilled when it is no fuller: each look reads past the rows that are known. */
const REFILL = 3 / 8;
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
  /** Most rows of one key, so that a hot key leaves room for cold ones. */
  readonly rowsPerKey: number;
}

export const WINDOW_SIZE: WindowSize = { rows: 16_000, bytes: 32 * 1_048_576, rowsPerKey: 32 };

/** What the window knows of a bucket when a look into it begins. */
export interface KnownOfBucket {
  /** Keys that take no rows now. */
  readonly without: string[];
  /** Rows of its other keys that are pending and known, and will be found again. */
  rows: number;
}

export interface Choice {
  /** Those of a key that is in memory go behind its rows there. */
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
 * What a look finds of a key beyond what is here goes behind it: found in one consistent read with the rows that are
 * here, it is the rest of the same prefix. A row that turns up before them was appended by a transaction that overlapped
 * with theirs; then the key is closed until it is through, and claimed again with that row as its first.
 *
 * Each shard has its share of the window and no more, whether it does well or not: rows of a shard that takes little
 * or nothing fill its share and wait there, and the others' go on. The shards are guessed until `reshard`.
 */
export function createWindow(given: Partial<WindowSize> = {}) {
  const size = { ...WINDOW_SIZE, ...given };
  const keys = new Map<string, KeyState>();
  /** Those with rows and nothing on its way; others among them are taken out when met. */
  const waiting = new Set<KeyState>();
  /** Rows that are here, or were done and aren't settled. */
  const known = new Set<number | string>();
  /** Rows that were settled since the look began: it may have found them pending. */
  const settledSince = new Set<number | string>();
  /** Keys of which the last look found more than they take. */
  const capped = new Set<string>();
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
  const drop = (state: KeyState, from: number) => {
    const dropped = state.rows.splice(from);
    count(state, -1, dropped);
    for (const { row } of dropped) known.delete(row.id);
    // What was here is pending still, and the next rows are not those behind it.
    state.closed = true;
  };
  /** One whose first row fails, or that has all it takes, gets no more for now. */
  const takesRows = ({ closed, hot, attempts, rows }: KeyState) =>
    !closed && !hot && attempts === 0 && rows.length < size.rowsPerKey;
  const land = (state: KeyState) => {
    if (state.inFlight) state.shard.inFlight -= 1;
    state.inFlight = undefined;
    waiting.add(state);
  };
  function* waitingKeys(): Generator<KeyState> {
    for (const state of waiting) {
      if (state.inFlight || state.rows.length === 0) waiting.delete(state);
      else yield state;
    }
  }
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
    /** How many rows there is room for, once some shard has enough of its share free; 0 before. */
    room(): number {
      const low = ({ rows, bytes }: ShardState) =>
        rows <= rowShare() * REFILL && bytes <= byteShare() * REFILL;
      if (!shards.all.some(low)) return 0;
      return shards.all.reduce((sum, shard) => sum + (isFull(shard) ? 0 : rowShare() - shard.rows), 0);
    },
    /** Begins a look into those buckets: forgets the keys that are through, and says what is known of each bucket. */
    beginLook(held: readonly HeldBucket[], now: number): Map<number, KnownOfBucket> {
      settledSince.clear();
      const found = new Map(
        held.map(({ bucket, epoch }) => [bucket, { epoch, without: [] as string[], rows: 0 }]),
      );
      for (const state of keys.values()) {
        if (over(state, now)) {
          keys.delete(state.key);
          continue;
        }
        const bucket = found.get(state.bucket);
        if (bucket === undefined) continue;
        // Held again since: what another relay did meanwhile is not known here.
        if (bucket.epoch !== state.epoch) state.closed = true;
        if (takesRows(state)) bucket.rows += state.rows.length + state.unsettled;
        else bucket.without.push(state.key);
      }
      return found;
    },
    /**
     * What to read of the rows that were found, the oldest first: as many as the share of their shard takes in rows and
     * bytes, and per key its first ones. Where a row is passed over, so is what stands behind it in its key.
     */
    choose(found: readonly PendingRow[]): Choice {
      const planned = new Map<ShardState, { rows: number; bytes: number }>();
      const chosen = new Map<string, number>();
      const passedOver = new Map<number, number>();
      capped.clear();
      const rows = found
        .toSorted((a, b) => Number(a.id) - Number(b.id))
        .filter(({ id, partition_key: key, bucket, bytes }) => {
          const state = keys.get(key);
          if (state && (known.has(id) || settledSince.has(id))) return false;
          if (state && Number(id) < Number(state.lastId)) state.closed = true;
          if (state?.closed) return false;
          const before = chosen.get(key) ?? state?.rows.length ?? 0;
          if (before >= size.rowsPerKey) {
            capped.add(key);
            return false;
          }
          const shard = state?.shard ?? shards.of(key);
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
    /** Takes in what was claimed, in id order per key. `full`: the buckets that have more than was found. */
    add(
      prepared: readonly Prepared[],
      epochs: ReadonlyMap<number, number>,
      full: ReadonlySet<number> = new Set(),
    ): void {
      for (const one of prepared) {
        const { id, key, bucket } = one.row;
        const epoch = epochs.get(bucket) ?? -1;
        let state = keys.get(key);
        if (state === undefined) keys.set(key, (state = newKey({ key, bucket, epoch }, shards.of(key), id)));
        if (state.closed || state.epoch !== epoch) continue;
        if (!state.inFlight) waiting.add(state);
        known.add(id);
        state.rows.push(one);
        state.lastId = id;
        count(state, 1, [one]);
        // Behind a poison row nothing may go.
        state.closed = one.kind === 'poison';
        state.hot = capped.has(key) || (state.rows.length >= HOT && full.has(bucket));
      }
    },
    /**
     * Keys whose first row can be dealt with now, the one with the oldest first: a key that has many rows would be left
     * alone with the last of them, one after another, if keys took turns.
     */
    ready(now: number): KeyState[] {
      const idOf = ({ rows }: KeyState) => Number(rows[0]!.row.id);
      return [...waitingKeys()]
        .filter(({ notBefore }) => notBefore <= now)
        .toSorted((a, b) => idOf(a) - idOf(b));
    },
    /** When the next key that waits, or whose shard does, may be sent; Infinity when none waits. */
    nextRetry(now: number): number {
      let next = Infinity;
      const readyAt = new Map(shards.all.map((shard) => [shard, shard.pace.readyAt(now)]));
      for (const { notBefore, shard } of waitingKeys()) {
        const at = Math.max(notBefore, readyAt.get(shard) ?? now);
        if (at > now) next = Math.min(next, at);
      }
      return next;
    },
    sent(
      state: KeyState,
      now: number,
      record: NextRecord = { rows: 1, bytes: bytesOf(state.rows[0]!) },
    ): void {
      state.inFlight = record;
      state.shard.pace.sent(record.bytes, now);
      state.shard.inFlight += 1;
      waiting.delete(state);
    },
    /**
     * The record on its way is acknowledged; or, with none on its way, the first row is silent or poison. The settling
     * (or parking) of these rows is to come.
     */
    done(state: KeyState): RowIdentity[] {
      const over = state.rows.splice(0, state.inFlight?.rows ?? 1);
      land(state);
      state.unsettled += over.length;
      count(state, -1, over);
      const apart = Math.max(0, state.apart - over.length);
      const most = apart > 0 ? 1 : Infinity;
      const alone = state.alone && apart > 0;
      state.attempts = 0;
      state.notBefore = 0;
      state.refusedAt = undefined;
      [state.most, state.apart, state.alone] = [most, apart, alone];
      if (over[0]!.kind === 'poison') drop(state, 0);
      return over.map(({ row }) => row);
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
      state.closed = true;
    },
    /**
     * One row of the key is settled or parked, or its settling is another relay's now. Returns whether the key has
     * become free to be claimed and is known to have more rows.
     */
    settled({ key, id }: Pick<RowIdentity, 'key' | 'id'>): boolean {
      known.delete(id);
      settledSince.add(id);
      const state = keys.get(key);
      if (!state) return false;
      state.unsettled -= 1;
      return state.hot && state.unsettled === 0 && state.rows.length === 0;
    },
    /** Drops what isn't in flight of keys that fail `keep`: their bucket is lost, or being given up. */
    retain(keep: (held: HeldBucket & { readonly key: string }) => boolean): void {
      for (const state of keys.values()) if (!keep(state)) drop(state, state.inFlight?.rows ?? 0);
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
