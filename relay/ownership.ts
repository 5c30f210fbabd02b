import type { LeaseTimes } from '../outbox/lease.ts';
import type { RelayMember, RelayStatus } from '../outbox/relay-status.ts';

/** A relay with what it owns. Milliseconds; null is unknown. */
export interface Owner extends RelayMember {
  /** Whether it tells what it does; one that only stands in leases has left, or stands aside. */
  readonly member: boolean;
  readonly buckets: readonly number[];
  /** Its oldest and its youngest epoch; null without buckets. */
  readonly epochs: readonly [number, number] | null;
  /** Until the first of its leases expires; negative when that has expired, null without buckets. */
  readonly leaseRemainingMs: number | null;
  /** Events pending in its buckets. */
  readonly pending: number | null;
}

/** A bucket that nobody may send from. */
export interface Unowned {
  readonly bucket: number;
  /** Whose lease expired; null where it was given back, or nobody ever had it. */
  readonly lastOwner: string | null;
  /** At least so many milliseconds; null: nobody ever owned it. */
  readonly forMs: number | null;
  readonly pending: number | null;
}

export interface Ownership {
  readonly relays: readonly Owner[];
  readonly unowned: readonly Unowned[];
  /** The buckets with the most pending events. */
  readonly mostPending: readonly { readonly bucket: number; readonly pending: number }[];
  /** What passes by itself. */
  readonly notes: readonly string[];
  /** What is wrong; the exit code is 1. */
  readonly problems: readonly string[];
}

const MOST = 5;

/** Who owns which buckets and what is wrong with that: what was read, put together. Pure. */
export function ownership({ leases, members, pending }: RelayStatus, times: LeaseTimes): Ownership {
  const count = (bucket: number) => (pending ? (pending.get(bucket) ?? 0) : null);
  const owned = leases.filter(({ owner, remaining }) => owner !== null && remaining > 0);
  const absent = [...new Set(owned.map(({ owner }) => owner!))].filter(
    (owner) => !members.some(({ relay }) => relay === owner),
  );
  const unknown = { seenAgoMs: null, inFlight: null, unsettled: null, acknowledgedAgoMs: null };
  const relays = [
    ...members.map((member) => ({ ...member, member: true })),
    ...absent.map((relay) => ({ relay, ...unknown, member: false })),
  ].map((relay): Owner => {
    const mine = owned.filter(({ owner }) => owner === relay.relay);
    const epochs = mine.map(({ epoch }) => Number(epoch));
    return {
      ...relay,
      buckets: mine.map(({ bucket }) => bucket),
      epochs: mine.length > 0 ? [Math.min(...epochs), Math.max(...epochs)] : null,
      leaseRemainingMs: mine.length > 0 ? Math.min(...mine.map(({ remaining }) => remaining)) : null,
      pending: pending ? mine.reduce((sum, { bucket }) => sum + count(bucket)!, 0) : null,
    };
  });
  const unowned = leases
    .filter(({ owner, remaining }) => owner === null || remaining <= 0)
    .map(({ bucket, owner, epoch, remaining }): Unowned => {
      const forMs = Number(epoch) === 0 ? null : Math.max(0, -remaining);
      return { bucket, lastOwner: owner, forMs, pending: count(bucket) };
    });
  return {
    relays,
    unowned,
    mostPending: [...(pending ?? [])]
      .map(([bucket, waiting]) => ({ bucket, pending: waiting }))
      .toSorted((a, b) => b.pending - a.pending)
      .slice(0, MOST),
    notes: notesOn(relays, unowned, leases.length, times),
    problems: problemsOf(relays, unowned, times),
  };
}

/** A relay tells that it is there at every third of its lease. */
const isSilent = ({ seenAgoMs }: Owner, { lease }: LeaseTimes) =>
  seenAgoMs === null || seenAgoMs > Math.max(5_000, lease / 2);

/** The next owner waits out the last request of the one before, and a lease that was given back may have been fresh. */
const isLost = ({ forMs }: Unowned, { lease, requestTimeout }: LeaseTimes) =>
  forMs === null || forMs > lease + requestTimeout;

function problemsOf(relays: readonly Owner[], unowned: readonly Unowned[], times: LeaseTimes): string[] {
  const lost = unowned.filter((one) => isLost(one, times));
  const members = relays.filter(({ member }) => member);
  return [
    ...(members.length === 0 ? ['no relay runs; start one with `banyan relay`'] : []),
    ...members
      .filter((one) => isSilent(one, times))
      .map(({ relay, seenAgoMs }) =>
        seenAgoMs === null
          ? `${relay} was seen in the future; was the database's clock set back?`
          : `${relay} has been silent for ${Math.round(seenAgoMs / 1_000)} s: it was killed, or can't reach the database; if it is gone for good: banyan relay forget ${relay}`,
      ),
    ...(lost.length > 0
      ? [
          `nobody owns ${lost.length === 1 ? 'bucket' : 'buckets'} ${bucketRanges(lost.map(({ bucket }) => bucket))} for longer than lease and requestTimeout: their events wait`,
        ]
      : []),
  ];
}

function notesOn(
  relays: readonly Owner[],
  unowned: readonly Unowned[],
  buckets: number,
  times: LeaseTimes,
): string[] {
  const live = relays.filter((one) => one.member && !isSilent(one, times));
  const [least, most] = [Math.floor(buckets / live.length), Math.ceil(buckets / live.length)];
  const uneven = live.filter((one) => one.buckets.length < least || one.buckets.length > most);
  const changing = unowned.filter((one) => !isLost(one, times));
  return [
    ...(uneven.length > 0
      ? [
          `shared unevenly: ${uneven.map((one) => `${one.relay} has ${one.buckets.length}`).join(', ')} of ${buckets} buckets, its share is ${least === most ? least : `${least} to ${most}`}; within about a lease it evens out`,
        ]
      : []),
    ...(changing.length > 0
      ? [
          `changing hands: ${changing.length === 1 ? 'bucket' : 'buckets'} ${bucketRanges(changing.map(({ bucket }) => bucket))}`,
        ]
      : []),
    ...relays
      .filter(({ member }) => !member)
      .map(
        ({ relay }) =>
          `${relay} holds leases and is no member: it stands aside, is leaving, or was forgotten`,
      ),
  ];
}

/** `0-3, 7, 9-12`. */
export function bucketRanges(buckets: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const bucket of buckets) {
    const last = ranges.at(-1);
    if (last && last[1] === bucket - 1) last[1] = bucket;
    else ranges.push([bucket, bucket]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
