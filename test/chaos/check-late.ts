import { bucketOf } from './bucket-of.ts';
import type { Delivered } from './history.ts';
import type { Owners } from './owners.ts';

export interface Late {
  /** Repeated records from a relay that wasn't the owner any more. */
  readonly late: number;
  /** Repeated records of which nobody saw who sent them. */
  readonly unseen: number;
  /** Those beyond one per key and hand-over: that which ended this epoch. */
  readonly beyond: readonly { readonly key: string; readonly epoch: number; readonly records: number }[];
}

/**
 * Counts the records that a former owner sent after its bucket was another's, and that repeat what the stream had:
 * at most one per key and hand-over. What the owner itself repeats, after a lost answer or where the owner before it
 * hadn't settled, is no late record. Pure.
 */
export function checkLate(stream: Iterable<Delivered>, owners: Owners): Late {
  const seen = new Set<string>();
  let unseen = 0;
  const perKeyAndEpoch = new Map<string, { key: string; epoch: number; records: number }>();
  for (const { key, events, sender, at } of stream) {
    const repeats = events.some(({ id }) => seen.has(id));
    for (const { id } of events) seen.add(id);
    if (!repeats) continue;
    if (sender === undefined) {
      unseen += 1;
      continue;
    }
    const epoch = owners.lateUnder(bucketOf(key), sender, at);
    if (epoch === undefined) continue;
    const name = `${epoch} ${key}`;
    const known = perKeyAndEpoch.get(name) ?? { key, epoch, records: 0 };
    perKeyAndEpoch.set(name, { ...known, records: known.records + 1 });
  }
  const found = [...perKeyAndEpoch.values()];
  return {
    late: found.reduce((sum, { records }) => sum + records, 0),
    unseen,
    beyond: found.filter(({ records }) => records > 1),
  };
}
