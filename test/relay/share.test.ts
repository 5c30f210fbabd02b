import { expect, test } from 'vitest';
import type { Lease } from '../../outbox/lease.ts';
import { share } from '../../relay/share.ts';

const requestTimeout = 500;
/** Leases of which the first belong to the owners given, the rest to nobody. */
function leases(owned: Record<string, number>, remaining = 1_000): Lease[] {
  const owners = Object.entries(owned).flatMap(([owner, count]) => Array<string>(count).fill(owner));
  return Array.from({ length: 64 }, (_, bucket) => ({
    bucket,
    owner: owners[bucket] ?? null,
    epoch: 1,
    remaining: owners[bucket] ? remaining : -1e9,
  }));
}

test('a relay alone takes all buckets', () => {
  expect(share(leases({}), { owner: 'a', live: 1, requestTimeout }).take).toHaveLength(64);
});

test.each([
  [2, 32],
  [3, 22],
  [5, 13],
  [64, 1],
  [100, 1],
])('of %d relays each takes at most %d', (live, most) => {
  expect(share(leases({}), { owner: 'a', live, requestTimeout }).take).toHaveLength(most);
});

test('when another joins, the surplus is given and nothing taken', () => {
  expect(share(leases({ a: 64 }), { owner: 'a', live: 2, requestTimeout })).toMatchObject({
    take: [],
    give: { length: 32 },
  });
});

test('what is being given up already is given first', () => {
  const giving = new Set([3, 4]);
  const { give } = share(leases({ a: 64 }), { owner: 'a', live: 2, requestTimeout, giving });
  expect(give).toEqual(expect.arrayContaining([3, 4]));
});

test('a lease of another is left alone until its last request has ended', () => {
  const other = (remaining: number) =>
    share(leases({ b: 64 }, remaining), { owner: 'a', live: 1, requestTimeout }).take.length;
  expect(other(1)).toBe(0);
  expect(other(-499)).toBe(0);
  expect(other(-501)).toBe(64);
});
