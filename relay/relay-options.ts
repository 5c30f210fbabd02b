import type { Registry } from 'prom-client';
import { CAN_AGGREGATE } from '../outbox/aggregated-record.ts';
import type { PoisonPolicy } from '../outbox/poison-policy.ts';
import type { Registry as EventRegistry } from '../outbox/registry/registry.ts';
import type { Translate } from '../outbox/row-change.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { LagContexts } from './jobs/lag-history-job.ts';
import type { Credentials, StreamAddress } from './kinesis-publisher.ts';
import type { Aggregation } from './next-record.ts';
import type { PauseAfter } from './paused-types.ts';

export interface RelayOptions {
  /** The database with the outbox; it stays the caller's to close. Needs six connections. */
  readonly database: Database;
  /** Of all events that go to no other. */
  readonly stream: StreamAddress;
  /** Further streams: those of `aggregates`, and those that events are replayed into. None unless given. */
  readonly streams?: readonly StreamAddress[] | undefined;
  /** By aggregate type, the name of the further stream that its events go to. None unless given. */
  readonly aggregates?: Readonly<Record<string, string>> | undefined;
  /** How the relay is named in leases and logs; a part that makes each start unique is added. */
  readonly name: string;
  /** Milliseconds that a lease lasts unless renewed; at least twice `requestTimeout`. */
  readonly lease: number;
  /** Milliseconds that one PutRecords request may take. */
  readonly requestTimeout: number;
  /** Whether consecutive events of one key are packed into one record. Default `none`. */
  readonly aggregation?: Aggregation | undefined;
  /** Milliseconds between two looks into an idle outbox, at most. */
  readonly poll: number;
  /** Milliseconds between two heartbeats through every bucket and shard of each stream; none unless given. */
  readonly heartbeat?: number | false | undefined;
  /** A Redis URL: for wake-ups and the jobs. Without it nothing is purged. */
  readonly redis?: string | undefined;
  /** What another server than before does: `stop` (unless given) until it is accepted, or `follow`. */
  readonly failover?: 'stop' | 'follow' | undefined;
  /** Milliseconds that settled rows are kept. */
  readonly retention: number;
  /** Milliseconds between two purges. Default 60,000. */
  readonly purgeEvery?: number | undefined;
  /** Milliseconds between two readings of what the streams take. Default 60,000. */
  readonly limitsEvery?: number | undefined;
  /** The contexts by which the history of the lag is kept; all events belong to none unless given. */
  readonly contexts?: LagContexts | undefined;
  /** A capture's translation; without one its row changes reach the stream as they are. */
  readonly translate?: ((capture: string) => Translate | undefined) | undefined;
  /** Whether the key of an event that can't be sent waits for it, or the event is skipped. All keys wait unless given. */
  readonly onPoison?: PoisonPolicy | undefined;
  /** What is not declared in it, or not as declared, is parked. Nothing is checked without. */
  readonly registry?: EventRegistry | undefined;
  /** When a type is paused. Default: 10 failures within 60,000 milliseconds. */
  readonly pauseAfter?: PauseAfter | undefined;
  readonly log: Log;
  /** `host:port` of the ops port; none unless given. */
  readonly ops?: string | undefined;
  /** Shown on the ops port beside the relay's own. */
  readonly metrics?: readonly Registry[] | undefined;
  /** AWS' default chain unless given. */
  readonly credentials?: Credentials | undefined;
}

export interface Relay {
  readonly opsUrl?: string;
  /**
   * Looks into the outbox at once: for a writer of the same process, after its commit (`createHint(relay)`). However
   * often it is called, the relay looks some 200 times a second at most, and once more after the last call.
   */
  wake(): void;
  /** Claims nothing more, lets requests in flight end, settles them, gives the leases back. */
  stop(): Promise<void>;
}

/** Throws a RangeError for what can't be kept. */
export function checkOptions({ requestTimeout, lease, aggregation }: RelayOptions): void {
  if (requestTimeout * 2 > lease) {
    throw new RangeError(
      `requestTimeout is ${requestTimeout} ms, it must be at most half of the lease, ${lease} ms`,
    );
  }
  if (aggregation === 'same-key' && !CAN_AGGREGATE) {
    throw new RangeError(
      "relay.aggregation is 'same-key', and this process runs in FIPS mode, without the MD5 that the format needs; set it to 'none'",
    );
  }
}
