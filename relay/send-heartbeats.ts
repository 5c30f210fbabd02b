import { randomUUID } from 'node:crypto';
import { appendHeartbeats, deleteHeartbeats } from '../outbox/heartbeat.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import { heartbeatKeys, type HeartbeatKey } from './heartbeat-keys.ts';
import type { Leases } from './leases.ts';
import { equalRanges } from './shard-range.ts';
import type { StreamFlow } from './stream-flow.ts';

export interface HeartbeatParts {
  readonly database: Database;
  readonly leases: Pick<Leases, 'claimable'>;
  /** The stream that they go to; woken after some were appended. */
  readonly flow: Pick<StreamFlow, 'stream' | 'shards' | 'wake'>;
  /** Whether it is a further stream, which the rows have to name. */
  readonly further: boolean;
  /** Milliseconds between two heartbeats of a bucket. */
  readonly every: number;
  /** Milliseconds after which a heartbeat is deleted if it is settled, and looked at again if not. Default 60,000. */
  readonly kept?: number;
  readonly log: Log;
}

export interface Heartbeats {
  /** A heartbeat of that key is settled. */
  settled(key: string): void;
  /** Resolves when nothing is appended any more. */
  readonly over: Promise<void>;
}

/** Milliseconds between two looks for the stream's shards. */
const SHARDS_EVERY = 30_000;
/** Of a key, while it goes no further: more would tell nothing more. */
const MOST_PENDING = 3;
/** Milliseconds between two looks for leases while there are none. */
const NO_LEASES = 250;

/**
 * Appends a heartbeat for every bucket that this relay owns, so that together with the other relays' every bucket and every
 * shard of the stream has one; and deletes them soon. Ends when `signal` aborts; never rejects.
 */
export function sendHeartbeats(parts: HeartbeatParts, signal: AbortSignal): Heartbeats {
  const { database, leases, every, kept = 60_000, log, flow, further } = parts;
  const stream = further ? flow.stream : undefined;
  /**
   * By key, those that are not settled, in their order. Begun anew when a bucket has been another relay's meanwhile, who may
   * have settled what this one appended.
   */
  const pending = new Map<string, { readonly epoch: number; readonly eventIds: readonly string[] }>();
  const keysNow = keysOf(parts);
  const sent: {
    readonly at: number;
    readonly beats: readonly { readonly key: string; readonly eventId: string }[];
  }[] = [];
  const idsOf = (key: string) => pending.get(key)?.eventIds ?? [];
  let failing = false;

  async function beat(): Promise<boolean> {
    if (leases.claimable().length === 0) return false;
    const all = await keysNow();
    // Asked for after the shards, which take a while: of a bucket that is another relay's by now nothing is appended.
    const owned = new Map(leases.claimable().map(({ bucket, epoch }) => [bucket, epoch]));
    const keys = all.filter(({ bucket }) => owned.has(bucket));
    const epochs = new Map(keys.map(({ key, bucket }) => [key, owned.get(bucket)!]));
    for (const [key, { epoch }] of pending) if (epochs.get(key) !== epoch) pending.delete(key);
    const due = keys.filter(({ key }) => idsOf(key).length < MOST_PENDING);
    const beats = due.map((key) => ({ ...key, stream, eventId: randomUUID() }));
    await appendHeartbeats(database, beats);
    for (const { key, eventId } of beats)
      pending.set(key, { epoch: epochs.get(key)!, eventIds: [...idsOf(key), eventId] });
    sent.push({ at: performance.now(), beats });
    flow.wake();
    await deleteOld();
    return true;
  }

  /** What waits is for later. */
  async function deleteOld(): Promise<void> {
    const now = performance.now();
    const old = sent.filter(({ at }) => now - at > kept);
    for (const one of old) {
      // As it was before: one that is settled meanwhile is deleted the next time.
      const waiting = new Map(pending);
      await deleteHeartbeats(
        database,
        one.beats.map(({ eventId }) => eventId),
      );
      sent.splice(sent.indexOf(one), 1);
      const later = one.beats.filter(({ key, eventId }) => waiting.get(key)?.eventIds.includes(eventId));
      if (later.length > 0) sent.push({ at: now, beats: later });
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let pause = every;
      try {
        if (!(await beat())) pause = NO_LEASES;
        else if (failing) log.info({ stream: flow.stream }, 'heartbeats are sent again');
        failing &&= pause === NO_LEASES;
      } catch (error) {
        if (!failing)
          log.warn(
            { err: error, stream: flow.stream },
            'no heartbeat can be sent; the end-to-end lag will be unknown',
          );
        failing = true;
      }
      await wait(pause, signal);
    }
  }

  return {
    settled(key) {
      const own = pending.get(key);
      if (own) pending.set(key, { ...own, eventIds: own.eventIds.slice(1) });
    },
    over: run(),
  };
}

/** The keys for the shards as they are; for 64 equal ones where they can't be listed. */
function keysOf({ flow, further, log }: HeartbeatParts): () => Promise<readonly HeartbeatKey[]> {
  const { stream } = flow;
  let keys: readonly HeartbeatKey[] = [];
  let lookedAt = -Infinity;
  let known = '';
  let told = false;
  return async () => {
    if (performance.now() - lookedAt < SHARDS_EVERY) return keys;
    lookedAt = performance.now();
    const ranges = await flow.shards().catch((error: unknown) => {
      if (!told)
        log.warn(
          { err: error, stream },
          'the shards can not be listed; heartbeats are sent for 64 equal ones',
        );
      told = true;
      return keys.length > 0 ? undefined : equalRanges(64);
    });
    const found = ranges?.map(({ from }) => from).join();
    if (ranges && found !== known)
      keys = heartbeatKeys(ranges, further ? `heartbeat-${stream}` : 'heartbeat');
    known = found ?? known;
    return keys;
  };
}
