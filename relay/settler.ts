import { park } from '../outbox/park.ts';
import type { PoisonPolicy } from '../outbox/poison-policy.ts';
import { MOST_SETTLED, settle, type Settlement } from '../outbox/settle.ts';
import { skip } from '../outbox/skip.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import type { HeldBucket } from './leases.ts';
import type { RowIdentity } from './prepare.ts';

/** What has become of a row and is to be written down. */
export interface Result extends HeldBucket {
  readonly stream: string;
  readonly row: RowIdentity;
  readonly how:
    | { readonly kind: 'acknowledged'; readonly shardId: string; readonly sequenceNumber: string }
    | { readonly kind: 'silent' }
    | { readonly kind: 'parked'; readonly reason: string; readonly paused?: true | undefined };
}

export interface Settler {
  add(results: readonly Result[]): void;
  /** Results that aren't in the database yet. */
  readonly backlog: number;
  /** Resolves when nothing is left, or after `milliseconds`. */
  drain(milliseconds: number): Promise<void>;
  /** Ends it; what is left is sent again by the buckets' next owners. */
  stop(): Promise<void>;
}

export interface SettlerOptions {
  readonly owner: string;
  /** Whether the lease under which a row was dealt with is still held. */
  readonly holds: (held: HeldBucket) => boolean;
  /**
   * Called once for each result. `written` is false when it is not in the database: the lease is another
   * relay's, whether or not `holds` says so yet, and so is the row.
   */
  readonly onOver: (result: Result, written: boolean) => void;
  readonly onDatabase: (error?: unknown) => void;
  /** Whether poison is parked, so that its key waits, or skipped. */
  readonly onPoison: PoisonPolicy;
}

/** Statements at once: while one waits for the disk, another works. */
const LANES = 4;
/** Least milliseconds between two batches of a lane that aren't full: a commit costs more than what it carries. */
const LINGER = 20;

/**
 * Writes results into the database, in small batches. A bucket has one lane, in which one batch is written after another;
 * lanes wait for each other's rows never. While the database is away results stay in memory and nothing is published
 * again; a result whose lease was lost is dropped.
 */
export function startSettler(database: Database, options: SettlerOptions): Settler {
  const { owner, holds, onOver, onDatabase, onPoison } = options;
  const ended = new AbortController();
  const lanes = Array.from({ length: LANES }, () => ({ queue: [] as Result[], wake: () => {} }));
  const backlog = () => lanes.reduce((sum, { queue }) => sum + queue.length, 0);

  /** Resolves with the results that are in the database now. */
  async function write(batch: readonly Result[]): Promise<Set<Result>> {
    const settlements = batch.flatMap(({ row, bucket, epoch, how }): Settlement[] =>
      how.kind === 'parked' ? [] : [{ ...how, id: row.id, bucket, epoch }],
    );
    const settled = await settle(database, owner, settlements);
    const written = new Set(batch.filter(({ row, how }) => how.kind !== 'parked' && settled.has(row.id)));
    for (const result of batch) {
      const { row, bucket, epoch, how } = result;
      if (how.kind !== 'parked') continue;
      // A paused type is none of the policy's business: its events are sound.
      const kind = how.paused ? 'paused' : 'poison';
      const setAside = !how.paused && onPoison(row) === 'skip' ? skip : park;
      if (await setAside(database, owner, { id: row.id, bucket, epoch }, how.reason, kind))
        written.add(result);
    }
    return written;
  }

  async function run(lane: (typeof lanes)[number]): Promise<void> {
    let next = 0;
    for (let attempt = 0; !ended.signal.aborted;) {
      const lost = lane.queue.filter((result) => !holds(result));
      if (lost.length > 0) lane.queue = lane.queue.filter((result) => holds(result));
      for (const result of lost) onOver(result, false);
      const batch = lane.queue.slice(0, MOST_SETTLED);
      if (batch.length === 0) {
        await new Promise<void>((resolve) => (lane.wake = resolve));
        continue;
      }
      const now = performance.now();
      if (batch.length < MOST_SETTLED && now < next) {
        await wait(next - now, ended.signal);
        continue;
      }
      next = now + LINGER;
      try {
        const written = await write(batch);
        onDatabase();
        attempt = 0;
        lane.queue.splice(0, batch.length);
        for (const result of batch) onOver(result, written.has(result));
      } catch (error) {
        onDatabase(error);
        await wait(backoff(attempt++, { base: 50, cap: 1_000 }), ended.signal);
      }
    }
  }
  const running = Promise.all(lanes.map(run));

  return {
    add(results) {
      for (const result of results) lanes[result.bucket % LANES]!.queue.push(result);
      for (const { wake } of lanes) wake();
    },
    get backlog() {
      return backlog();
    },
    async drain(milliseconds) {
      const deadline = performance.now() + milliseconds;
      while (backlog() > 0 && performance.now() < deadline) await wait(10);
    },
    async stop() {
      ended.abort();
      for (const { wake } of lanes) wake();
      await running;
    },
  };
}
