import type { LeaseSample } from './history.ts';

/** Who may have owned a bucket when, as far as samples tell. */
export interface Owners {
  /** Takes of buckets that had an owner before. */
  readonly handOvers: number;
  /** How often buckets changed hands, however many did at once: a relay that ends hands over twenty. */
  readonly takeOvers: number;
  /**
   * The epoch that `sender` had lost if it certainly wasn't the bucket's owner at that time; the one in force if it was never
   * seen to have one.
   */
  lateUnder(bucket: number, sender: string, at: number): number | undefined;
}

interface Span {
  readonly owner: string | null;
  readonly epoch: number;
  /** Between these two it began. */
  readonly after: number;
  readonly seen: number;
}

export function ownersOf(samples: readonly LeaseSample[]): Owners {
  const spans = new Map<number, Span[]>();
  let [last, takeOvers]: [LeaseSample | undefined, number] = [undefined, 0];
  for (const sample of samples) {
    for (const [bucket, { owner, epoch }] of sample.leases.entries()) {
      if (!spans.has(bucket)) spans.set(bucket, []);
      const known = spans.get(bucket)!;
      const before = known.at(-1);
      if (before?.epoch === epoch && before.owner === owner) continue;
      known.push({ owner, epoch, after: last?.from ?? -Infinity, seen: sample.to });
    }
    const grown = (epoch: number, bucket: number) =>
      epoch > Math.max(1, last?.leases[bucket]?.epoch ?? epoch);
    if (sample.leases.some(({ epoch }, bucket) => grown(epoch, bucket))) takeOvers += 1;
    last = sample;
  }
  const first = samples[0]?.leases ?? [];
  const handOvers = (last?.leases ?? []).reduce(
    (sum, { epoch }, bucket) => sum + epoch - Math.max(1, first[bucket]?.epoch ?? 0),
    0,
  );
  return {
    handOvers: Math.max(0, handOvers),
    takeOvers,
    lateUnder(bucket, sender, at) {
      const known = spans.get(bucket) ?? [];
      const current = known.findLastIndex(({ after }) => after < at);
      const now = known[current];
      // Not yet seen to be the owner's at that time: it may still have been the one's before.
      if (!now || now.seen > at || now.owner === null || now.owner === sender) return undefined;
      const next = known[current + 1];
      // An epoch that no sample saw could have been anybody's.
      if (next && next.epoch > now.epoch + 1 && next.after <= at) return undefined;
      return known.findLast(({ owner }, index) => index < current && owner === sender)?.epoch ?? now.epoch;
    },
  };
}
