import type { StreamRows } from '../outbox/stream-map.ts';
import { backoff } from '../runtime/backoff.ts';
import { wait } from '../runtime/wait.ts';
import { trackAvailability, type Availability } from './availability.ts';
import { kinesisPublisher, type KinesisOptions, type StreamAddress } from './kinesis-publisher.ts';
import { watchAcknowledgements } from './last-acknowledgement.ts';
import { MOST_PACKED, type Aggregation } from './next-record.ts';
import { KINESIS_LIMITS, type StreamLimits } from './publisher.ts';
import { startPump, type Pump, type PumpParts } from './pump.ts';
import type { ShardRange } from './shard-range.ts';
import type { StandAside } from './stand-aside.ts';
import { watchDoubt } from './watch-doubt.ts';
import { createWindow, WINDOW_SIZE, type Window } from './window.ts';

/** What a flow shares with those of the other streams. */
export type SharedParts = Pick<
  PumpParts,
  | 'database'
  | 'leases'
  | 'settler'
  | 'metrics'
  | 'translate'
  | 'registry'
  | 'pausedTypes'
  | 'overlaps'
  | 'ownership'
  | 'onDatabase'
  | 'requestTimeout'
  | 'poll'
  | 'log'
> & {
  readonly standing: StandAside;
  /** Called each time that the limits of the stream were read. */
  readonly onLimits: (limits: StreamLimits, stream: string) => void;
};

/** The way of the events of one stream. Its limits, shards, window and pauses are its own: it holds up no other. */
export interface StreamFlow {
  readonly stream: string;
  readonly window: Window;
  readonly inFlight: number;
  readonly running: boolean;
  /** Why the stream can't be used; undefined while it can. */
  reason(): string | undefined;
  /** Milliseconds since it acknowledged a record; undefined: never. */
  acknowledgedAgo(): number | undefined;
  /** Begins to claim and send, once the stream's limits are known; resolves then, or when `signal` aborts. */
  begin(parts: SharedParts, rowsOf: StreamRows, signal: AbortSignal): Promise<void>;
  wake(): void;
  /** The shards that take records now. Rejects while they can't be had. */
  shards(): Promise<ShardRange[]>;
  /** Whether the stream can be reached, found out without sending. Never rejects. */
  probe(): Promise<boolean>;
  /** Claims and sends nothing new; resolves when nothing is in flight, and no request in doubt can have an effect. */
  stop(): Promise<void>;
  close(): void;
}

export interface FlowOptions extends KinesisOptions {
  readonly aggregation: Aggregation;
  /** Milliseconds between two readings of the stream's limits. */
  readonly limitsEvery: number;
  readonly log: PumpParts['log'];
  /** How it is named in logs and on `/readyz`. */
  readonly what: string;
}

const isDenied = (error: unknown) => error instanceof Error && error.name === 'AccessDeniedException';

export function createFlow(address: StreamAddress, options: FlowOptions): StreamFlow {
  const { aggregation, limitsEvery, log, what } = options;
  const { requestTimeout } = options;
  const publisher = watchDoubt(watchAcknowledgements(kinesisPublisher(address, options)), requestTimeout);
  const onKinesis = trackAvailability(log, what);
  const rowsPerKey = aggregation === 'none' ? WINDOW_SIZE.rowsPerKey : MOST_PACKED;
  const window = createWindow({ rowsPerKey });
  let pump: Pump | undefined;

  /** Tries until it works or the relay is stopped. */
  async function readLimits(signal: AbortSignal): Promise<StreamLimits | undefined> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const limits = await publisher.limits();
        onKinesis.report();
        return limits;
      } catch (error) {
        if (isDenied(error)) {
          onKinesis.report();
          log.warn(
            'kinesis:DescribeStreamSummary is not allowed; taking the limits of a stream that nobody raised',
          );
          return KINESIS_LIMITS;
        }
        onKinesis.report(error);
        await wait(backoff(attempt, { base: 100, cap: 2_000 }), signal);
      }
    }
    return undefined;
  }

  /** Anybody can change them while the relay runs. What was read last holds where they can't be read. */
  async function followLimits(
    limits: { -readonly [name in keyof StreamLimits]: StreamLimits[name] },
    tell: (limits: StreamLimits) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      await wait(limitsEvery, signal);
      if (signal.aborted) return;
      const read = publisher.limits().catch((error: unknown) => (isDenied(error) ? limits : undefined));
      const found = await read;
      if (found === undefined || signal.aborted) continue;
      if (found.recordBytes !== limits.recordBytes)
        log.warn(
          { stream: address.name, before: limits.recordBytes, recordBytes: found.recordBytes },
          'the stream takes records of another size than before',
        );
      Object.assign(limits, found);
      tell(found);
    }
  }

  return {
    stream: address.name,
    window,
    get inFlight() {
      return pump?.inFlight ?? 0;
    },
    get running() {
      return pump !== undefined;
    },
    reason: onKinesis.reason,
    acknowledgedAgo: publisher.acknowledgedAgo,
    async begin(parts, rowsOf, signal) {
      const found = await readLimits(signal);
      if (found === undefined || signal.aborted) return;
      // The pump reads them anew for each batch.
      const limits = { ...found };
      const tell = (now: StreamLimits) => parts.onLimits(now, address.name);
      tell(found);
      void followLimits(limits, tell, signal);
      const tried: Availability = {
        ...onKinesis,
        report(error) {
          onKinesis.report(error);
          parts.standing.tried(error === undefined);
        },
      };
      const own = { stream: address.name, publisher, limits, window, aggregation, rowsPerKey, rowsOf };
      pump = startPump({ ...parts, ...own, onKinesis: tried });
    },
    wake: () => pump?.wake(),
    shards: () => publisher.shards(),
    async probe() {
      try {
        await publisher.limits();
      } catch (error) {
        // Who is denied the limits has reached the stream too.
        if (!isDenied(error)) {
          onKinesis.report(error);
          return false;
        }
      }
      onKinesis.report();
      return true;
    },
    async stop() {
      await pump?.stop();
      // Whoever gets the leases next would overtake it.
      await publisher.doubtOver();
    },
    close: () => publisher.close(),
  };
}
