import { expect, test } from 'vitest';
import type { Lease } from '../../outbox/lease.ts';
import type { RelayMember } from '../../outbox/relay-status.ts';
import { bucketRanges, ownership } from '../../relay/ownership.ts';

const times = { lease: 10_000, requestTimeout: 3_000 };
const member = (relay: string, changes: Partial<RelayMember> = {}): RelayMember => ({
  ...{ relay, seenAgoMs: 300, inFlight: 2, unsettled: 1, acknowledgedAgoMs: 40 },
  ...changes,
});
const leases = (owner: (bucket: number) => Partial<Lease>): Lease[] =>
  Array.from({ length: 64 }, (_, bucket) => ({
    bucket,
    epoch: 3,
    remaining: 8_000,
    owner: 'a',
    ...owner(bucket),
  }));
const of = (owner: (bucket: number) => Partial<Lease>, ...members: RelayMember[]) =>
  ownership({ leases: leases(owner), members, pending: new Map([[7, 5]]) }, times);

test('two relays that share evenly are no problem, and each has its buckets, epochs and pending events', () => {
  const { relays, unowned, notes, problems } = of(
    (bucket) => (bucket < 32 ? {} : { owner: 'b', epoch: bucket === 40 ? 9 : 3 }),
    member('a'),
    member('b'),
  );
  expect({ unowned, notes, problems }).toEqual({ unowned: [], notes: [], problems: [] });
  expect(relays.map(({ relay, pending, epochs }) => ({ relay, pending, epochs }))).toEqual([
    { relay: 'a', pending: 5, epochs: [3, 3] },
    { relay: 'b', pending: 0, epochs: [3, 9] },
  ]);
  expect(bucketRanges(relays[1]!.buckets)).toBe('32-63');
});

test('a bucket without an owner is a problem once lease and requestTimeout have gone by, and is named before', () => {
  const expired = (ago: number) =>
    of((bucket) => (bucket === 7 ? { owner: 'dead', remaining: -ago } : {}), member('a'));
  expect(expired(12_900)).toMatchObject({
    unowned: [{ bucket: 7, lastOwner: 'dead', forMs: 12_900, pending: 5 }],
    problems: [],
  });
  expect(expired(12_900).notes.join()).toContain('changing hands: bucket 7');
  expect(expired(13_100).problems.join()).toContain('nobody owns bucket 7 ');
  const free = of((bucket) => (bucket < 2 ? { owner: null, epoch: 0, remaining: -1e12 } : {}), member('a'));
  expect(free.problems.join()).toContain('nobody owns buckets 0-1 ');
  expect(free.unowned[0]).toMatchObject({ lastOwner: null, forMs: null });
});

test('a relay that is silent, or was seen in the future, is a problem', () => {
  expect(of(() => ({}), member('a'), member('b', { seenAgoMs: 5_100 })).problems.join()).toContain(
    'b has been silent for 5 s',
  );
  expect(of(() => ({}), member('a', { seenAgoMs: null })).problems.join()).toContain(
    'a was seen in the future',
  );
  expect(of(() => ({ owner: null })).problems.join()).toContain('no relay runs');
});

test('uneven sharing and an owner that is no member are told, and pass by themselves', () => {
  const { notes, problems, relays } = of(
    (bucket) => (bucket < 8 ? { owner: 'aside' } : {}),
    member('a'),
    member('b'),
  );
  expect(problems).toEqual([]);
  expect(notes.join('\n')).toContain('shared unevenly: a has 56, b has 0 of 64 buckets, its share is 32');
  expect(notes.join('\n')).toContain('aside holds leases and is no member');
  expect(relays.at(-1)).toMatchObject({ relay: 'aside', member: false, seenAgoMs: null });
});

test('what could not be counted is unknown, not zero', () => {
  const { relays } = ownership(
    { leases: leases(() => ({})), members: [member('a', { inFlight: null })], pending: undefined },
    times,
  );
  expect(relays[0]).toMatchObject({ pending: null, inFlight: null });
});
