import { claimBatch } from '../outbox/claim-batch.ts';
import type { BucketClaim, PendingRow } from '../outbox/find-pending.ts';
import type { Translate } from '../outbox/row-change.ts';
import type { Database } from '../runtime/database.ts';
import type { HeldBucket, Leases } from './leases.ts';
import { prepare } from './prepare.ts';
import type { StreamLimits } from './publisher.ts';
import type { Window } from './window.ts';

export interface ClaimParts {
  readonly database: Database;
  readonly limits: StreamLimits;
  readonly leases: Leases;
  readonly window: Window;
  readonly translate?: ((capture: string) => Translate | undefined) | undefined;
}

export interface Claimed {
  /** Buckets that were looked into. */
  readonly buckets: number;
  /** Rows that were taken into the window. */
  readonly rows: number;
  /** Whether another look would find more at once. */
  readonly more: boolean;
}

/** Rows to look for in one bucket, at least and at most; besides those that were passed over the last time. */
const [LEAST, MOST] = [16, 200];
/** Rows to look for in one bucket in any case: a backlog of 3 million of a dead shard. */
const DEEPEST = 50_000;
/** Rows that one statement finds, about: some megabytes in memory. */
const MOST_FOUND = 20_000;

/**
 * Claims for the window: reads the first pending rows of the keys that aren't in memory, for as much room as
 * there is. Undefined when there is none.
 *
 * The database can't tell a key's shard (MySQL 9.6 has no MD5 any more), so rows whose shard has no room are found
 * and passed over. A bucket is looked into so deep that such rows hide nothing: twice as deep as they reached
 * the last time. Only their ids and keys are read, never what they say.
 */
export function claimer({ database, limits, leases, window, translate }: ClaimParts) {
  const passedOver = new Map<number, number>();
  let turn = 0;

  return async function claim(): Promise<Claimed | undefined> {
    const room = window.room();
    if (room === 0) return undefined;
    const held = leases.claimable();
    const known = window.keysByBucket(performance.now());
    const wanted = Math.min(MOST, Math.max(LEAST, Math.ceil(room / Math.max(1, held.length))));
    // Each time another bucket comes first, in case that there is no room left for the last.
    const first = turn++ % Math.max(1, held.length);
    const claims = [...held.slice(first), ...held.slice(0, first)].map(({ bucket }) => ({
      bucket,
      without: known.get(bucket) ?? [],
      limit: Math.min(DEEPEST, wanted + 2 * (passedOver.get(bucket) ?? 0)),
    }));
    const epochs = epochsOf(held);
    let [rows, more] = [0, false];
    for (const part of statements(claims)) {
      if (window.room() === 0) break;
      const taken = await claimBatch(database, part, (found) => {
        const choice = window.choose(found);
        const counts = perBucket(found);
        for (const { bucket, limit } of part) {
          passedOver.set(bucket, choice.passedOver.get(bucket) ?? 0);
          more ||= counts.get(bucket) === limit && (choice.rows.length > 0 || limit < DEEPEST);
        }
        return choice.rows;
      });
      window.add(
        taken.map((row) => prepare(row, limits, translate)),
        epochs,
      );
      rows += taken.length;
    }
    return { buckets: held.length, rows, more };
  };
}

function epochsOf(held: readonly HeldBucket[]): Map<number, number> {
  return new Map(held.map(({ bucket, epoch }) => [bucket, epoch]));
}

/** The claims in their order, in parts that one statement each deals with. A bucket's rows are found in one statement. */
function statements(claims: readonly BucketClaim[]): BucketClaim[][] {
  const parts: BucketClaim[][] = [];
  let size = Infinity;
  for (const claim of claims) {
    if (size + claim.limit > MOST_FOUND) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(claim);
    size += claim.limit;
  }
  return parts;
}

function perBucket(rows: readonly PendingRow[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { bucket } of rows) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  return counts;
}
