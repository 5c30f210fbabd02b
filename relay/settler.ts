import { park } from '../outbox/park.ts';
import { MOST_SETTLED, settle, type Settlement } from '../outbox/settle.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import type { HeldBucket } from './leases.ts';
import type { RowIdentity } from './prepare.ts';

/** What has become of a row and is to be written down. */
export interface Result extends HeldBucket {
  readonly row: RowIdentity;
  readonly how:
    | { readonly kind: 'acknowledged'; readonly shardId: string; readonly sequenceNumber: string }
    | { readonly kind: 'silent' }
    | { readonly kind: 'parked'; readonly reason: string };
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
}

/**
 * Writes results into the database, in small batches, one after another. While the database is away they stay in
 * memory and nothing is published again; a result whose lease was lost is dropped.
 */
export function startSettler(database: Database, options: SettlerOptions): Settler {
  const { owner, holds, onOver, onDatabase } = options;
  const ended = new AbortController();
  let queue: Result[] = [];
  let wake = () => {};

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
      if (await park(database, owner, { id: row.id, bucket, epoch }, how.reason)) written.add(result);
    }
    return written;
  }

  async function run(): Promise<void> {
    for (let attempt = 0; !ended.signal.aborted;) {
      const lost = queue.filter((result) => !holds(result));
      queue = queue.filter((result) => holds(result));
      for (const result of lost) onOver(result, false);
      const batch = queue.slice(0, MOST_SETTLED);
      if (batch.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      try {
        const written = await write(batch);
        onDatabase();
        attempt = 0;
        queue.splice(0, batch.length);
        for (const result of batch) onOver(result, written.has(result));
      } catch (error) {
        onDatabase(error);
        await wait(backoff(attempt++, { base: 50, cap: 1_000 }), ended.signal);
      }
    }
  }
  const running = run();

  return {
    add(results) {
      queue.push(...results);
      wake();
    },
    get backlog() {
      return queue.length;
    },
    async drain(milliseconds) {
      const deadline = performance.now() + milliseconds;
      while (queue.length > 0 && performance.now() < deadline) await wait(10);
    },
    async stop() {
      ended.abort();
      wake();
      await running;
    },
  };
}
