import { readLeases, releaseLeases, renewLeases, takeLeases, type LeaseTerms } from '../outbox/lease.ts';
import { heartbeat, leave, standBy, type RelayWork } from '../outbox/relay-member.ts';
import type { Database } from '../runtime/database.ts';
import { leaseClock } from './lease-clock.ts';
import { share } from './share.ts';

/** A bucket that this relay holds, as it knows it. */
export interface HeldBucket {
  readonly bucket: number;
  readonly epoch: number;
}

interface Held {
  readonly epoch: number;
  /** By the lease clock; never later than the database's own. */
  validUntil: number;
  giving: boolean;
}

/** This relay's leases: what it holds, and whether a request may still be sent under them. */
export interface Leases {
  /**
   * One round: says that it is alive, renews, takes what is its share, marks what it has to give. Standing `aside`
   * it is no member, takes nothing, and gives all that it has while another relay is alive.
   */
  tick(aside?: boolean): Promise<void>;
  /** Held, not being given up, and valid for a request to come. */
  claimable(): HeldBucket[];
  /** Whether a request that begins now ends, at the latest, `margin` before the lease does. */
  outlivesRequest(held: HeldBucket): boolean;
  /** Whether the bucket is still held under that epoch, as far as is known. */
  holds(held: HeldBucket): boolean;
  /** Lets go of all, without a word to the database; `tick` takes buckets anew. */
  forget(): void;
  /** Lets go of a bucket that is another relay's, as the database has shown; the next `tick` finds out. */
  doubt(held: HeldBucket): void;
  giving(): number[];
  /** Gives back those buckets; nothing of them may be in flight. */
  release(buckets: readonly number[]): Promise<void>;
  /** Gives everything back and leaves the members. */
  leave(): Promise<void>;
  /** Buckets held under a lease that hasn't ended. */
  readonly count: number;
  /** How many other relays were alive at the last tick. */
  readonly others: number;
  /** Whether this relay has less than its share: worth another look soon. */
  readonly wanting: boolean;
}

export interface LeasesOptions extends LeaseTerms {
  readonly owner: string;
  /** What it tells of itself with each heartbeat. */
  readonly work: () => RelayWork;
  /** Whether anything may be sent from this server; unless given it may. */
  readonly sendable?: () => boolean;
  readonly now?: () => number;
}

/** Nothing is read or taken before the first `tick`. */
export function createLeases(database: Database, options: LeasesOptions): Leases {
  const { owner, lease, requestTimeout, work, sendable = () => true, now = leaseClock() } = options;
  const margin = Math.max(50, requestTimeout / 10);
  const held = new Map<number, Held>();
  let [wanting, others] = [true, 0];

  /** Makes `held` what the database says. */
  function adopt(bucket: number, epoch: number, validUntil: number): void {
    const known = held.get(bucket);
    if (known?.epoch === epoch) known.validUntil = validUntil;
    else held.set(bucket, { epoch, validUntil, giving: false });
  }

  const outlivesRequest = ({ bucket, epoch }: HeldBucket) => {
    const found = held.get(bucket);
    return sendable() && found?.epoch === epoch && now() + requestTimeout + margin < found.validUntil;
  };

  return {
    async tick(aside = false) {
      others = aside
        ? await standBy(database, owner, lease)
        : (await heartbeat(database, owner, work(), lease)) - 1;
      const live = others + 1;
      const renewed = now();
      await renewLeases(database, owner, options);
      let reading = now();
      let leases = await readLeases(database, options);
      const giving = new Set([...held].filter(([, { giving: given }]) => given).map(([bucket]) => bucket));
      const mine = new Set(leases.filter((one) => one.owner === owner).map(({ bucket }) => bucket));
      const { take, give } = aside
        ? { take: [], give: others > 0 ? [...mine] : [] }
        : share(leases, { owner, live, requestTimeout, giving });
      const taking = now();
      if (take.length > 0 && (await takeLeases(database, owner, take, options)) > 0) {
        reading = now();
        leases = await readLeases(database, options);
      }
      for (const { bucket, epoch, owner: found, remaining } of leases) {
        // Both times are from before the statement was sent. What remains counts too: nothing is renewed when
        // the outbox has been bound to another stream.
        const since = mine.has(bucket) ? renewed : taking;
        if (found !== owner) held.delete(bucket);
        else adopt(bucket, epoch, Math.min(since + lease, reading + remaining));
      }
      for (const [bucket, one] of held) one.giving = give.includes(bucket);
      wanting = !aside && held.size < Math.floor(leases.length / live);
    },
    claimable: () =>
      [...held]
        .filter(([, { giving }]) => !giving)
        .map(([bucket, { epoch }]) => ({ bucket, epoch }))
        .filter(outlivesRequest),
    outlivesRequest,
    holds: ({ bucket, epoch }) => held.get(bucket)?.epoch === epoch,
    forget: () => held.clear(),
    doubt({ bucket, epoch }) {
      if (held.get(bucket)?.epoch === epoch) held.delete(bucket);
    },
    giving: () => [...held].filter(([, { giving }]) => giving).map(([bucket]) => bucket),
    async release(buckets) {
      if (buckets.length === 0) return;
      for (const bucket of buckets) held.delete(bucket);
      await releaseLeases(database, owner, buckets, options);
    },
    async leave() {
      const buckets = [...held.keys()];
      held.clear();
      if (buckets.length > 0) await releaseLeases(database, owner, buckets, options);
      await leave(database, owner);
    },
    get count() {
      const at = now();
      return [...held.values()].filter(({ validUntil }) => validUntil > at).length;
    },
    get others() {
      return others;
    },
    get wanting() {
      return wanting;
    },
  };
}
