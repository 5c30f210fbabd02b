import type { Delivered, LagReading, Written } from './history.ts';

/** Milliseconds by which two readings of one machine's clock may differ: both are cut to milliseconds. */
export const TOLERANCE = 10;

export interface LagCheck {
  readonly readings: number;
  /** Readings that could be held against an event, and said something. */
  readonly held: number;
  /** Readings that said that they don't know. */
  readonly unknown: number;
  readonly understated: readonly { readonly at: number; readonly said: number; readonly atLeast: number }[];
}

/**
 * Holds each reading against an event that was certainly committed before it was asked for and certainly not in the
 * stream when it was there. Only differences of one clock are compared, so that no clock has to agree with another. Pure.
 */
export function checkLag(
  readings: readonly LagReading[],
  journal: Iterable<Written>,
  stream: Iterable<Delivered>,
): LagCheck {
  const arrived = new Map<string, number>();
  for (const { events, at } of stream)
    for (const { id } of events) arrived.set(id, Math.min(at, arrived.get(id) ?? Infinity));
  const open = [...journal]
    .filter(({ outcome }) => outcome === 'committed')
    .flatMap(({ at, events }) => events.map(({ id }) => ({ at, until: arrived.get(id) ?? Infinity })))
    .toSorted((a, b) => a.at - b.at);
  let [first, held] = [0, 0];
  const understated: LagCheck['understated'][number][] = [];
  for (const { from, to, ageMs } of readings.toSorted((a, b) => a.to - b.to)) {
    while (first < open.length && open[first]!.until <= to) first += 1;
    const oldest = open[first];
    if (oldest === undefined || oldest.at > from || ageMs === null) continue;
    const atLeast = from - oldest.at;
    held += 1;
    // What is no number is too little as well.
    if (!(ageMs + TOLERANCE >= atLeast)) understated.push({ at: from, said: ageMs, atLeast });
  }
  return {
    readings: readings.length,
    held,
    unknown: readings.filter(({ ageMs }) => ageMs === null).length,
    understated,
  };
}
