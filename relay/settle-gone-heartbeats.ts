import { findGoneHeartbeats } from '../outbox/gone-heartbeats.ts';
import { deleteHeartbeats } from '../outbox/heartbeat.ts';
import { settle } from '../outbox/settle.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import type { HeldBucket, Leases } from './leases.ts';

export interface GoneHeartbeatParts {
  readonly database: Database;
  readonly owner: string;
  readonly leases: Pick<Leases, 'claimable' | 'holds'>;
  /** The streams that this relay sends to. */
  readonly streams: ReadonlySet<string>;
  readonly log: Log;
}

/** Milliseconds between two looks whether a bucket is due. */
const LOOK_EVERY = 500;
/**
 * Milliseconds until a bucket is looked into again under the same lease, after the first look and at most: what the owner
 * before was appending when it gave the bucket up comes late, and relays with another configuration may run still.
 */
const [SOON, AGAIN] = [2_000, 600_000];
/** How many times as long each next look waits. */
const SLOWER = 15;
/** Milliseconds until the next try after one that failed. */
const AFTER_FAILURE = 30_000;

/**
 * Settles silently, and deletes, the heartbeats of streams that were taken out of the configuration: nobody sends them any
 * more, and they would stay pending for ever. Only those in buckets that this relay owns, under the epoch of its lease, so
 * that a relay that still knows the stream keeps its own; a heartbeat that doesn't come makes a lag greater, never
 * smaller. Looks into each bucket once it is owned, soon after that, and seldom then. Ends when `signal` aborts; never rejects.
 */
export async function settleGoneHeartbeats(parts: GoneHeartbeatParts, signal: AbortSignal): Promise<void> {
  const { leases, log } = parts;
  const looked = new Map<number, { readonly epoch: number; readonly at: number; readonly again: number }>();
  let failing = false;
  while (!signal.aborted) {
    let pause = LOOK_EVERY;
    try {
      for (const held of leases.claimable()) {
        const found = looked.get(held.bucket);
        const last = found?.epoch === held.epoch ? found : undefined;
        if (last && performance.now() - last.at < last.again) continue;
        if (signal.aborted || !leases.holds(held)) break;
        await settleOfBucket(parts, held);
        const again = last ? Math.min(AGAIN, last.again * SLOWER) : SOON;
        looked.set(held.bucket, { epoch: held.epoch, at: performance.now(), again });
      }
      failing = false;
    } catch (error) {
      if (!failing)
        log.warn({ err: error }, 'heartbeats of streams that are gone could not be looked for; trying again');
      failing = true;
      pause = AFTER_FAILURE;
    }
    await wait(pause, signal);
  }
}

async function settleOfBucket(
  { database, owner, streams, log }: GoneHeartbeatParts,
  { bucket, epoch }: HeldBucket,
): Promise<void> {
  const found = await findGoneHeartbeats(database, bucket, [...streams]);
  const settled = await settle(
    database,
    owner,
    found.map(({ id }) => ({ id, bucket, epoch })),
  );
  const gone = found.filter(({ id }) => settled.has(id));
  await deleteHeartbeats(
    database,
    gone.map(({ eventId }) => eventId),
  );
  if (gone.length > 0)
    log.debug({ bucket, heartbeats: gone.length }, 'heartbeats of streams that are gone were settled');
}
