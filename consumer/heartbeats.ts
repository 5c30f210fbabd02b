import { BUCKETS, type CloudEvent } from '../outbox/event.ts';
import { recordedAt } from './parse-event.ts';

/** How far the heartbeats of one outbox have come here. */
export interface HeartbeatReading {
  /** The name of the outbox's database. */
  readonly outbox: string;
  /**
   * Of each bucket and of each shard the newest heartbeat that was handled, with all that stood before it in its shard;
   * of these the oldest. When it was appended, RFC 3339, by the outbox database's clock.
   */
  readonly oldest: string;
  /** What has had no heartbeat for a minute, `bucket 7` or a shard's name: how far it is behind is unknown. */
  readonly missing: readonly string[];
}

/** Keeps, per outbox, the newest heartbeat of each bucket and each shard. */
export interface Heartbeats {
  beat(shard: string, event: CloudEvent): void;
  read(): HeartbeatReading[];
}

/** A relay sends them at least every 20 s, and learns within 30 s of a new shard. Milliseconds. */
const GRACE = 60_000;

interface Outbox {
  readonly since: number;
  readonly buckets: Map<number, number>;
  readonly shards: Map<string, number>;
}

/** `shardsSince`: the shards being read now, each with when that began. */
export function keepHeartbeats(
  shardsSince: () => ReadonlyMap<string, number>,
  now: () => number = Date.now,
): Heartbeats {
  const outboxes = new Map<string, Outbox>();
  return {
    beat(shard, event) {
      const recorded = recordedAt(event);
      const { outbox, bucket } = (event.data ?? {}) as { outbox?: unknown; bucket?: unknown };
      if (recorded === undefined || typeof outbox !== 'string' || !isBucket(bucket)) return;
      const known = outboxes.get(outbox) ?? { since: now(), buckets: new Map(), shards: new Map() };
      outboxes.set(outbox, known);
      // An older one is a duplicate: what it proves was proved before.
      known.buckets.set(bucket, Math.max(recorded, known.buckets.get(bucket) ?? 0));
      known.shards.set(shard, Math.max(recorded, known.shards.get(shard) ?? 0));
    },
    read() {
      const at = now();
      return [...outboxes].map(([outbox, { since, buckets, shards }]) => {
        const open = [...shardsSince()];
        const newest = [...buckets.values(), ...open.flatMap(([shard]) => shards.get(shard) ?? [])];
        const late = (from: number) => at - Math.max(since, from) > GRACE;
        const missing = [
          ...Array.from({ length: BUCKETS }, (_, bucket) => bucket)
            .filter((bucket) => !buckets.has(bucket) && late(since))
            .map((bucket) => `bucket ${bucket}`),
          ...open.filter(([shard, from]) => !shards.has(shard) && late(from)).map(([shard]) => shard),
        ];
        return { outbox, oldest: new Date(Math.min(...newest)).toISOString(), missing };
      });
    },
  };
}

function isBucket(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < BUCKETS;
}
