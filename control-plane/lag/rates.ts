import type { RelaySeen } from '../../outbox/relays-seen.ts';
import type { Sample } from './sample.ts';

/** Events a second. */
export interface Rates {
  readonly rateIn: number;
  readonly rateOut: number;
}

/** Watches samples go by, and tells rates over the last ten seconds. */
export interface RateWatch {
  add(sample: Sample): void;
  /** Of the types that `belongs` lets through; undefined while too little has gone by. */
  rates(belongs: (type: string) => boolean): Rates | undefined;
  /** Types that were settled since this watch began. */
  types(): readonly string[];
}

type Counts = ReadonlyMap<string, number>;

/** A relay at one of its heartbeats: counts change at heartbeats only, so that they are the marks to measure between. */
interface Beat {
  readonly at: number;
  readonly counted: Readonly<Record<string, number>>;
  /** By type: settled since this watch began, restarts bridged. */
  readonly settled: Counts;
}

/** The same heartbeat is computed from two readings of a clock; a later one is later by more than this. */
const SAME_BEAT = 50;

export function watchRates(window = 10_000): RateWatch {
  let waiting: { readonly at: number; readonly counts: Counts }[] = [];
  const relays = new Map<string, Beat[]>();
  const types = new Set<string>();

  return {
    add({ databaseTime, types: lags, relays: seen }) {
      const counts = new Map(lags.map(({ type, pending, parked }) => [type, pending + parked]));
      waiting = within(window, [...waiting, { at: databaseTime, counts }]);
      const names = new Set(seen.map(({ relay }) => relay));
      for (const relay of relays.keys()) if (!names.has(relay)) relays.delete(relay);
      for (const relay of seen) {
        const beats = relays.get(relay.relay) ?? [];
        const next = nextBeat(beats.at(-1), relay, databaseTime);
        if (!next) continue;
        relays.set(relay.relay, within(window, [...beats, next]));
        for (const [type, count] of next.settled) if (count > 0) types.add(type);
      }
    },
    rates(belongs) {
      const [first, last] = [waiting[0], waiting.at(-1)];
      const seconds = first && last ? (last.at - first.at) / 1_000 : 0;
      if (!first || !last || seconds <= 0) return undefined;
      const known = [...relays.values()].filter((beats) => beats.length > 1);
      if (relays.size > 0 && known.length === 0) return undefined;
      const rateOut = known.reduce((sum, beats) => sum + rateOf(beats, last.at, window, belongs), 0);
      const grown = total(last.counts, belongs) - total(first.counts, belongs);
      // The two are measured between different marks; a little below zero is zero.
      return { rateIn: Math.max(0, grown / seconds + rateOut), rateOut };
    },
    types: () => [...types],
  };
}

function nextBeat(last: Beat | undefined, relay: RelaySeen, now: number): Beat | undefined {
  if (relay.seenAgoMs === null) return undefined;
  const at = now - relay.seenAgoMs;
  const counted = relay.settledByType;
  if (!last) return { at, counted, settled: new Map() };
  if (at - last.at <= SAME_BEAT) return undefined;
  // A count that fell means that the relay has restarted, and counts from zero.
  const restarted = Object.entries(last.counted).some(([type, count]) => (counted[type] ?? 0) < count);
  const settled = new Map(last.settled);
  for (const [type, count] of Object.entries(counted)) {
    const more = restarted ? count : count - (last.counted[type] ?? 0);
    settled.set(type, (settled.get(type) ?? 0) + more);
  }
  return { at, counted, settled };
}

/** Nothing once a relay is silent for longer than its heartbeats explain. */
function rateOf(
  beats: readonly Beat[],
  now: number,
  window: number,
  belongs: (type: string) => boolean,
): number {
  const [first, before, last] = [beats[0]!, beats.at(-2)!, beats.at(-1)!];
  if (now - last.at > Math.max(window, 2 * (last.at - before.at))) return 0;
  return (total(last.settled, belongs) - total(first.settled, belongs)) / ((last.at - first.at) / 1_000);
}

/** The marks of the window, and always the last two. */
function within<Mark extends { readonly at: number }>(window: number, marks: readonly Mark[]): Mark[] {
  const last = marks.at(-1)!.at;
  const from = marks.findIndex(({ at }) => last - at <= window);
  return marks.slice(Math.max(0, Math.min(from, marks.length - 2)));
}

function total(counts: Counts, belongs: (type: string) => boolean): number {
  let sum = 0;
  for (const [type, count] of counts) if (belongs(type)) sum += count;
  return sum;
}
