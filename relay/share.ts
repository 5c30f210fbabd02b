import type { Lease } from '../outbox/lease.ts';

export interface Share {
  /** Buckets to try for: free, or left by an owner whose last request has ended. */
  readonly take: readonly number[];
  /** Buckets that another relay should have. */
  readonly give: readonly number[];
}

/**
 * What `owner` should take or give so that `live` relays share the buckets evenly: each at most
 * ceil(buckets / live). `giving` are the buckets that it is giving up already; they stay first in line, so that
 * a bucket isn't emptied in vain. Pure; `random` spreads relays that start together over different buckets.
 */
export function share(
  leases: readonly Lease[],
  {
    owner,
    live,
    requestTimeout,
    giving = new Set<number>(),
    random = Math.random,
  }: {
    owner: string;
    live: number;
    requestTimeout: number;
    giving?: ReadonlySet<number>;
    random?: () => number;
  },
): Share {
  const quota = Math.ceil(leases.length / Math.max(1, live));
  const mine = leases.filter((lease) => lease.owner === owner).map(({ bucket }) => bucket);
  const surplus = mine.length - quota;
  if (surplus >= 0) {
    const last = mine.toSorted((a, b) => Number(giving.has(b)) - Number(giving.has(a)) || b - a);
    return { take: [], give: last.slice(0, surplus) };
  }
  const free = leases.filter((lease) => lease.owner === null || lease.remaining < -requestTimeout);
  const order = new Map(free.map(({ bucket }) => [bucket, random()]));
  const shuffled = free
    .map(({ bucket }) => bucket)
    .toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return { take: shuffled.slice(0, -surplus), give: [] };
}
