import { claimBatch, type Choose } from '../outbox/claim-batch.ts';
import type { BucketClaim, PendingRow } from '../outbox/find-pending.ts';
import type { StreamRows } from '../outbox/stream-map.ts';
import type { Database } from '../runtime/database.ts';
import type { Leases } from './leases.ts';
import type { OwnershipView } from './ownership-view.ts';
import { prepareBatch, type PreparingParts } from './prepare-batch.ts';
import type { Window } from './window.ts';

export interface ClaimParts extends PreparingParts {
  readonly database: Database;
  readonly leases: Leases;
  readonly window: Window;
  /** Most rows of one key that the window takes. */
  readonly rowsPerKey: number;
  readonly ownership: OwnershipView;
  /** Which rows go to the stream. */
  readonly rowsOf: StreamRows;
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
/** Up to so many pending rows that aren't known yet are found by one look across all buckets. */
const FEW = 500;

/**
 * Claims for the window: reads the first pending rows of the keys, behind those that are in memory, for as much room as
 * there is. Undefined when there is none.
 *
 * While little is pending, one look across all buckets finds it, for a tenth of what one into each costs. Where there is
 * more, each bucket has its share of a look, so that none waits behind the backlog of another.
 *
 * The database can't tell a key's shard (MySQL 9.6 has no MD5 any more), so rows whose shard has no room are found
 * and passed over. A bucket is looked into so deep that such rows hide nothing: twice as deep as they reached
 * the last time; and where one key had many rows, deep enough for twice as many of them.
 * Only their ids and keys are read, never what they say. `onRows` is called whenever rows were added to the window.
 */
export function claimer(parts: ClaimParts, onRows: () => void) {
  const { database, leases, window, ownership, rowsPerKey, rowsOf } = parts;
  const passedOver = new Map<number, number>();
  /** Per bucket, how many rows the key with the most of them had. */
  const longest = new Map<number, number>();
  let [turn, few] = [0, true];

  return async function claim(): Promise<Claimed | undefined> {
    const room = window.room();
    if (room === 0) return undefined;
    const held = leases.claimable();
    const known = window.beginLook(held, performance.now());
    const epochs = new Map(held.map(({ bucket, epoch }) => [bucket, epoch]));
    const withoutTypes = ownership.awaited;

    /** Claims what `choose` takes of what is found. */
    async function take(claims: readonly BucketClaim[], choose: Choose, full?: ReadonlySet<number>) {
      const blocked = new Set<string>();
      let count = 0;
      for await (const rows of claimBatch(database, claims, choose, rowsOf)) {
        window.add(await prepareBatch(rows, parts, blocked), epochs, full);
        count += rows.length;
        onRows();
      }
      return count;
    }

    async function takeAcross(): Promise<number> {
      const all = [...known.values()];
      const without = all.flatMap((one) => one.without);
      const limit = FEW + all.reduce((sum, { rows }) => sum + rows, 0);
      const claim = { buckets: held.map(({ bucket }) => bucket), without, withoutTypes, limit };
      return take([claim], (found) => {
        few = found.length < limit;
        return few ? window.choose(found).rows : [];
      });
    }

    async function takeOfEach(): Promise<Pick<Claimed, 'rows' | 'more'>> {
      const wanted = Math.min(MOST, Math.max(LEAST, Math.ceil(room / Math.max(1, held.length))));
      // Each time another bucket comes first, in case that there is no room left for the last.
      const first = turn++ % Math.max(1, held.length);
      const claims = [...held.slice(first), ...held.slice(0, first)].map(({ bucket }) => {
        const { without, rows } = known.get(bucket)!;
        const ofOneKey = Math.min(rowsPerKey, 2 * (longest.get(bucket) ?? 0));
        const limit = Math.max(wanted, ofOneKey) + rows + 2 * (passedOver.get(bucket) ?? 0);
        return { buckets: [bucket], without, withoutTypes, limit: Math.min(DEEPEST, limit) };
      });
      let [rows, more] = [0, false];
      few = true;
      for (const part of statements(claims)) {
        if (window.room() === 0) {
          few = false;
          break;
        }
        const full = new Set<number>();
        const choose: Choose = (found) => {
          const choice = window.choose(found);
          const counts = perBucket(found);
          for (const [bucket, count] of longestKeys(choice.rows)) longest.set(bucket, count);
          for (const { buckets, limit } of part) {
            const [bucket] = buckets as [number];
            if (counts.get(bucket) === limit) full.add(bucket);
            passedOver.set(bucket, choice.passedOver.get(bucket) ?? 0);
            more ||= full.has(bucket) && (choice.rows.length > 0 || limit < DEEPEST);
          }
          few &&= full.size === 0;
          return choice.rows;
        };
        rows += await take(part, choose, full);
      }
      return { rows, more };
    }

    if (few && held.length > 0) {
      const rows = await takeAcross();
      if (few) return { buckets: held.length, rows, more: false };
    }
    return { buckets: held.length, ...(await takeOfEach()) };
  };
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

/** Per bucket, the number of rows of the key that has the most. */
function longestKeys(rows: readonly PendingRow[]): Map<number, number> {
  const [ofKey, longest] = [new Map<string, number>(), new Map<number, number>()];
  for (const { partition_key: key, bucket } of rows) {
    const count = (ofKey.get(key) ?? 0) + 1;
    ofKey.set(key, count);
    longest.set(bucket, Math.max(count, longest.get(bucket) ?? 0));
  }
  return longest;
}
