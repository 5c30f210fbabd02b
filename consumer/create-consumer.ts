import { hasSequenced, type Registry } from '../outbox/registry/registry.ts';
import { openLog, withoutData, type Log } from '../runtime/log.ts';
import { startOpsServer, type OpsServer } from '../runtime/ops-server.ts';
import type { Lag } from './consumer-lag.ts';
import { keepHeartbeats } from './heartbeats.ts';
import type { Handler, Handling } from './handle-record.ts';
import { keepHeldEvents } from './held-events.ts';
import type { Inbox } from './inbox.ts';
import { keepPurging } from './keep-purging.ts';
import { openMeter, type Outcome } from './meter.ts';
import { openProgress } from './progress.ts';
import { readStream } from './read-stream.ts';
import { reportLag, type ReportTo } from './report-lag.ts';
import { openStreamReader, type StreamAddress } from './shard-reader.ts';
import { watchHeld } from './watch-held.ts';

export interface ConsumerOptions<Tx> {
  readonly stream: StreamAddress;
  /** Its name in the inbox, the checkpoints and `banyan lag`: `contexts.<name>.consumer` of the configuration. */
  readonly application: string;
  /** By event type. Types without a handler are passed over. */
  readonly handlers: Readonly<Record<string, Handler<Tx>>>;
  /**
   * The types whose replays (`banyan replay`) are handled, or true for all. A replayed event has an id of its own, so the
   * inbox doesn't stop it: name only what a handler may do again. None unless given; others are passed over.
   */
  readonly replays?: true | readonly string[] | undefined;
  /**
   * The declared event types: a handler gets its data in the newest version. An event of a version that it doesn't have
   * fails like a handler, so that its shard waits for the registry that has it. As they come unless given.
   * Events of aggregates that it declares `ordered: sequence` are handled in the order of their numbers: one that comes before
   * its turn is held, and one whose number its key has passed, with another event, is parked.
   */
  readonly registry?: Registry | undefined;
  /** `mysqlInbox(database)` of the service's own database. */
  readonly inbox: Inbox<Tx>;
  /** Reports the lag to the admin API four times a second. Without it `banyan lag` says "unknown". */
  readonly report?: ReportTo | undefined;
  /** Milliseconds between two reads of a shard, 250 unless given. AWS allows five reads a second and shard, for all applications together. */
  readonly poll?: number | undefined;
  /** Milliseconds between two looks for new shards, 10,000 unless given. */
  readonly refresh?: number | undefined;
  /**
   * Milliseconds that one attempt at a record may take: a connection, the handler and the commit. After that its
   * connection is destroyed, its transaction rolls back, and the record is tried again; so it is how long a database
   * or a handler that has gone silent can hold up a shard, and has to be longer than the slowest handler.
   * 60,000 unless given.
   */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that stop() leaves to the records in hand. Those that are not committed by then are rolled back, and
   * come again after the next start. 10,000 unless given.
   */
  readonly grace?: number | undefined;
  /**
   * Milliseconds that a key may wait for a missing number before the log warns of it, and between two such warnings. 60,000
   * unless given.
   */
  readonly gapWarning?: number | undefined;
  /** JSON lines on stderr unless given. Errors are logged without statements and values, whatever its `err` serializer. */
  readonly log?: Log | undefined;
  /** `host:port` of /healthz, /readyz and /metrics; none unless given. Never a public address. */
  readonly ops?: string | undefined;
  /** Stops the consumer when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

export interface Consumer {
  /** Begins to read, and goes on for ever, whatever is down. Rejects only when the ops port can't be taken. */
  start(): Promise<void>;
  /** Finishes the records in hand within `grace`, commits them, and stops; later than that it gives them up. */
  stop(): Promise<void>;
  lag(): Lag;
  /** Records since the start of this process, by outcome, and failed attempts. */
  totals(): Readonly<Record<Outcome | 'retries', number>>;
  /** Undefined unless `ops` was given and the consumer runs. */
  opsUrl(): string | undefined;
}

/** What a timer can hold: 24 days. */
const LONGEST = 2 ** 31 - 1;

/** How long a shard may go unread before its lag is unknown. */
const STALE_AFTER = 10_000;

/**
 * Reads all shards of a stream and applies each event once: the handler's effect, the inbox row and the checkpoint
 * commit together in the service's own database. Events of one key are handled in the order of the stream.
 */
export function createConsumer<Tx>(options: ConsumerOptions<Tx>): Consumer {
  const { stream, application, inbox, report } = options;
  const { poll = 250, refresh = 10_000, timeout = 60_000, grace = 10_000, gapWarning = 60_000 } = options;
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(application))
    throw new TypeError(
      `application is '${application}'; required: lower-case letters, digits and hyphens, at most 63 characters`,
    );
  for (const [name, value] of Object.entries({ poll, timeout, grace, gapWarning }))
    if (!(value > 0 && value <= LONGEST))
      throw new RangeError(`${name} is ${value}; required: milliseconds above 0, at most ${LONGEST}`);
  const numbers = hasSequenced(options.registry) ? inbox.numbers : undefined;
  if (hasSequenced(options.registry) && !numbers)
    throw new TypeError(
      'the registry declares aggregates `ordered: sequence`, and this inbox keeps no numbers; required: one such as mysqlInbox',
    );
  const log = options.log ? withoutData(options.log) : openLog(application);
  const held = keepHeldEvents(numbers !== undefined);
  const progress = openProgress(Math.max(STALE_AFTER, 4 * poll), Date.now, held);
  const meter = openMeter(application, progress.lag, progress.shards, held);
  const heartbeats = keepHeartbeats(progress.shardsSince);
  const stopping = new AbortController();
  const givingUp = new AbortController();
  const signal = stopping.signal;
  const limit = { timeout, signal: givingUp.signal };
  let running: Promise<unknown> | undefined;
  let ops: OpsServer | undefined;

  const consumer: Consumer = {
    async start() {
      if (running) throw new Error('the consumer was started before; create another one');
      if (options.ops) {
        const notReady = () => progress.lag().reason;
        ops = await startOpsServer({ address: options.ops, metrics: meter.metrics, notReady });
      }
      const reader = openStreamReader(stream);
      const handlers = new Map(Object.entries(options.handlers));
      const replays = (type: string) => options.replays === true || (options.replays ?? []).includes(type);
      const reading: Handling<Tx> = {
        application,
        stream: stream.name,
        handlers,
        registry: options.registry,
        replays,
        inbox,
        log,
        meter,
        heartbeats,
        held,
        signal,
        limit,
      };
      const state = () => ({
        lagMs: progress.lag().lagMs,
        stream: stream.name,
        shards: progress.shards(),
        handledTotal: meter.totals().handled,
        heartbeats: heartbeats.read(),
        held: held.figures(),
        at: new Date().toISOString(),
      });
      running = Promise.all([
        readStream({ ...reading, reader, progress, poll, refresh }).finally(() => reader.close()),
        numbers && watchHeld(reading, numbers, gapWarning),
        numbers && keepPurging(reading, numbers),
        report && reportLag(report, application, state, { log, signal }),
      ]);
      options.signal?.addEventListener('abort', () => void consumer.stop(), { once: true });
      if (options.signal?.aborted) await consumer.stop();
    },
    async stop() {
      stopping.abort();
      const late = new Error(`the consumer was stopped, and ${grace} ms of grace have gone by`);
      const timer = setTimeout(() => givingUp.abort(late), grace);
      await running;
      clearTimeout(timer);
      await ops?.close();
      ops = undefined;
    },
    lag: progress.lag,
    totals: meter.totals,
    opsUrl: () => ops?.url,
  };
  return consumer;
}
