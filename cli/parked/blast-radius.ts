import { countWaiting, type ParkedEvent, type Waiting } from '../../outbox/operator/index.ts';
import type { Database } from '../../runtime/database.ts';

/** What parked events hold up. */
export interface BlastRadius {
  /** By key, for keys that wait. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly keys: number;
  readonly events: number;
  readonly atLeast: boolean;
}

/** Counts what waits behind those of the events that are parked; skipped ones hold nothing up. */
export async function blastRadius(database: Database, events: readonly ParkedEvent[]): Promise<BlastRadius> {
  const keys = new Map(
    events.filter(({ state }) => state === 'parked').map(({ key, bucket }) => [key, { key, bucket }]),
  );
  const waiting = await countWaiting(database, [...keys.values()]);
  const counts = [...waiting.values()];
  return {
    waiting,
    keys: keys.size,
    events: counts.reduce((sum, { events: some }) => sum + some, 0),
    atLeast: counts.some(({ atLeast }) => atLeast),
  };
}

/** `3 events`, `1 event`, `12+ events` when there may be more. */
export function countOf(count: number, what: string, atLeast = false): string {
  return `${count}${atLeast ? '+' : ''} ${what}${count === 1 && !atLeast ? '' : 's'}`;
}

/** `2 keys, behind which 12 events wait`. */
export function describeRadius({ keys, events, atLeast }: BlastRadius): string {
  const wait = events === 1 && !atLeast ? 'waits' : 'wait';
  return `${countOf(keys, 'key')}, behind which ${countOf(events, 'event', atLeast)} ${wait}`;
}
