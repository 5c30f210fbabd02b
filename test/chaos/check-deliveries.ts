import type { Delivered, Numbered, Written } from './history.ts';
import { nameOf, resolveUnknown } from './resolve-unknown.ts';

export interface Deliveries {
  readonly committed: number;
  readonly records: number;
  readonly lost: readonly Numbered[];
  /** First deliveries that came after a later event of their key. */
  readonly reordered: readonly Numbered[];
  /** Events in the stream whose transaction was undone, or that nobody wrote so: by its id, its key and its number. */
  readonly aborted: readonly Numbered[];
  /** Events in a record of another key: the shard of their own doesn't have them, and a split would part them from it. */
  readonly strayed: readonly Numbered[];
  /** Deliveries of an event beyond its first. */
  readonly duplicates: number;
  /** Numbers of which nobody can say whether they were committed; the writers must not leave any. */
  readonly undecided: readonly Numbered[];
}

/** Compares the stream, each key's records in the stream's order, with what the writers wrote down. Pure. */
export function checkDeliveries(journal: readonly Written[], stream: Iterable<Delivered>): Deliveries {
  const { committed, undone, open } = resolveUnknown(journal);
  const due = new Set(committed.map(asWritten));
  const perhaps = new Map(
    open.flatMap((written) => written.events.map((event) => [asWritten(event), written] as const)),
  );
  const [seen, there] = [new Set<string>(), new Set<string>()];
  /** The transaction that turned out to have been committed, by number. */
  const settled = new Map<string, Written>();
  const [reordered, aborted, strayed]: [Numbered[], Numbered[], Numbered[]] = [[], [], []];
  const highest = new Map<string, number>();
  let [records, duplicates] = [0, 0];

  function deliver(event: Numbered): void {
    if (seen.has(event.id)) {
      duplicates += 1;
      return;
    }
    seen.add(event.id);
    there.add(asWritten(event));
    const written = perhaps.get(asWritten(event));
    if (written)
      for (const one of written.events) if (!settled.has(nameOf(one))) settled.set(nameOf(one), written);
    const real = due.has(asWritten(event)) || (written && settled.get(nameOf(event)) === written);
    if (!real || undone.has(event.id)) {
      aborted.push(event);
      return;
    }
    const before = highest.get(event.key) ?? 0;
    if (event.n < before) reordered.push(event);
    else highest.set(event.key, event.n);
  }
  for (const { key, events } of stream) {
    records += 1;
    strayed.push(...events.filter((event) => event.key !== key));
    events.forEach(deliver);
  }
  // What was in the stream in part was committed, and must be there as a whole.
  const turnedOut = new Set(settled.values());
  const all = [...committed, ...[...turnedOut].flatMap(({ events }) => events)];
  return {
    committed: all.length,
    records,
    lost: all.filter((event) => !there.has(asWritten(event))),
    reordered,
    aborted,
    strayed,
    duplicates,
    undecided: open.flatMap(({ events }) => events).filter((event) => !settled.has(nameOf(event))),
  };
}

/** What is in the stream must be what was written, not only have its id. */
const asWritten = ({ id, key, n }: Numbered): string => `${n} ${key} ${id}`;
