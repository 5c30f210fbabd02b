import { randomBytes } from 'node:crypto';
import { bindStream, StreamMismatch } from '../outbox/bind-stream.ts';
import type { Translate } from '../outbox/row-change.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { startOpsServer } from '../runtime/ops-server.ts';
import { wait } from '../runtime/wait.ts';
import { trackAvailability, type Availability } from './availability.ts';
import { onHint } from './hint.ts';
import { startPurgeJob } from './jobs/purge-job.ts';
import { keepLeases } from './keep-leases.ts';
import { kinesisPublisher, type Credentials, type StreamAddress } from './kinesis-publisher.ts';
import { createLeases } from './leases.ts';
import { relayMetrics } from './metrics.ts';
import { KINESIS_LIMITS, type StreamLimits } from './publisher.ts';
import { startPump, type Pump } from './pump.ts';
import { startSettler } from './settler.ts';
import { standAside } from './stand-aside.ts';
import { watchPurge } from './watch-purge.ts';
import { createWindow } from './window.ts';

export interface RelayOptions {
  /** The database with the outbox; it stays the caller's to close. Needs five connections. */
  readonly database: Database;
  readonly stream: StreamAddress;
  /** How the relay is named in leases and logs; a part that makes each start unique is added. */
  readonly name: string;
  /** Milliseconds that a lease lasts unless renewed; at least twice `requestTimeout`. */
  readonly lease: number;
  /** Milliseconds that one PutRecords request may take. */
  readonly requestTimeout: number;
  /** Milliseconds between two looks into an idle outbox, at most. */
  readonly poll: number;
  /** A Redis URL: for wake-ups and the purge job. Without it nothing is purged. */
  readonly redis?: string | undefined;
  /** Milliseconds that settled rows are kept. */
  readonly retention: number;
  /** Milliseconds between two purges. Default 60,000. */
  readonly purgeEvery?: number | undefined;
  /** A capture's translation; without one its row changes reach the stream as they are. */
  readonly translate?: ((capture: string) => Translate | undefined) | undefined;
  readonly log: Log;
  /** `host:port` of the ops port; none unless given. */
  readonly ops?: string | undefined;
  /** AWS' default chain unless given. */
  readonly credentials?: Credentials | undefined;
}

export interface Relay {
  readonly opsUrl?: string;
  /** Claims nothing more, lets requests in flight end, settles them, gives the leases back. */
  stop(): Promise<void>;
}

const NOTHING_PURGES =
  'no redis is configured: nothing deletes settled rows, and banyan_outbox grows with every event. Set redis, or ' +
  'delete them yourself (docs/relay.md) and watch banyan_relay_purge_overdue_seconds';

/**
 * Starts a relay: pending rows -> stream. Resolves when it runs, whether or not the database, Kinesis and Redis
 * are there; it waits for them and recovers by itself. Rejects with StreamMismatch when the outbox belongs to
 * another stream, and with what the ops port said when it can't be taken.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { database, stream, lease, requestTimeout, log, ops, redis } = options;
  if (requestTimeout * 2 > lease) {
    throw new RangeError(
      `requestTimeout is ${requestTimeout} ms, it must be at most half of the lease, ${lease} ms`,
    );
  }
  const owner = `${options.name.slice(0, 55)}~${randomBytes(4).toString('hex')}`;
  const stopping = new AbortController();
  const onDatabase = trackAvailability(log, 'database');
  const onKinesis = trackAvailability(log, 'kinesis');
  const onStream = trackAvailability(log, 'stream');
  const standing = standAside(lease);
  const settledByType: Record<string, number> = {};

  const window = createWindow();
  const leases = createLeases(database, {
    owner,
    lease,
    requestTimeout,
    stream: stream.name,
    settledByType: () => settledByType,
  });
  const settler = startSettler(database, {
    owner,
    holds: leases.holds,
    onDatabase: onDatabase.report,
    onOver({ row, how, ...under }, written) {
      window.settled(row.key);
      if (!written) {
        leases.doubt(under);
        return metrics.abandoned.inc();
      }
      if (how.kind === 'parked') {
        log.error({ event: row.id, key: row.key, reason: how.reason }, `parked: ${how.reason}`);
        return metrics.parked.inc();
      }
      if (how.kind === 'silent') metrics.silent.inc();
      settledByType[row.type] = (settledByType[row.type] ?? 0) + 1;
    },
  });
  const publisher = kinesisPublisher(stream, { requestTimeout, credentials: options.credentials });
  let pump: Pump | undefined;
  const metrics = relayMetrics({
    inFlight: () => pump?.inFlight ?? 0,
    buckets: () => leases.count,
    unsettled: () => settler.backlog,
    rows: () => window.rows,
  });

  try {
    await bindStream(database, stream.name);
  } catch (error) {
    if (error instanceof StreamMismatch) {
      await settler.stop();
      publisher.close();
      throw error;
    }
    onDatabase.report(error);
  }

  /** Tries until it works or the relay is stopped. */
  async function persist<T>(
    attemptOnce: () => Promise<T>,
    report: (error?: unknown) => void,
  ): Promise<T | undefined> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        const result = await attemptOnce();
        report();
        return result;
      } catch (error) {
        report(error);
        await wait(backoff(attempt, { base: 100, cap: 2_000 }), stopping.signal);
      }
    }
    return undefined;
  }

  const leasesEnd = new AbortController();

  async function run(): Promise<void> {
    await persist(
      () => bindStream(database, stream.name),
      (error) => (error instanceof StreamMismatch ? onStream.report(error) : onDatabase.report(error)),
    );
    const limits = await persist(() => readLimits(), onKinesis.report);
    if (limits === undefined || stopping.signal.aborted) return;
    const tried: Availability = {
      ...onKinesis,
      report(error) {
        onKinesis.report(error);
        standing.tried(error === undefined);
      },
    };
    const parts = { ...options, publisher, leases, window, settler, metrics, onDatabase, onStream, standing };
    const started = startPump({ ...parts, limits, onKinesis: tried });
    pump = started;
    await keepLeases({ ...parts, probe, onTick: started.wake }, leasesEnd.signal);
  }
  const deniedLimits = (error: unknown) => error instanceof Error && error.name === 'AccessDeniedException';
  async function probe(): Promise<boolean> {
    try {
      await publisher.limits();
    } catch (error) {
      // Who is denied the limits has reached the stream too.
      if (!deniedLimits(error)) {
        onKinesis.report(error);
        return false;
      }
    }
    onKinesis.report();
    return true;
  }
  async function readLimits(): Promise<StreamLimits> {
    try {
      return await publisher.limits();
    } catch (error) {
      if (!deniedLimits(error)) throw error;
      log.warn(
        'kinesis:DescribeStreamSummary is not allowed; taking the limits of a stream that nobody raised',
      );
      return KINESIS_LIMITS;
    }
  }

  const opsServer =
    ops === undefined
      ? undefined
      : await startOpsServer({
          address: ops,
          metrics: metrics.registry,
          notReady: () =>
            onStream.reason() ?? onDatabase.reason() ?? onKinesis.reason() ?? (pump ? undefined : 'starting'),
        });
  const running = run();
  const stopHints = redis === undefined ? undefined : onHint(redis, () => pump?.wake());
  const purging =
    redis === undefined
      ? log.warn(NOTHING_PURGES)
      : startPurgeJob({
          ...options,
          redis,
          every: options.purgeEvery,
          onPurged: (rows) => metrics.purged.inc(rows),
        });
  void watchPurge(options, (overdue) => metrics.purgeOverdue.set(overdue / 1_000), stopping.signal);

  /** Ends the way of the events: first what takes new ones, the leases last. */
  async function stopFlow(): Promise<void> {
    await pump?.stop();
    await settler.drain(lease);
    leasesEnd.abort();
    await running;
    await settler.stop();
    await leases
      .leave()
      .catch((error: unknown) => log.warn({ err: error }, 'the leases run out by themselves'));
  }

  return {
    ...(opsServer ? { opsUrl: opsServer.url } : {}),
    async stop() {
      stopping.abort();
      stopHints?.();
      await Promise.all([stopFlow(), purging?.stop()]);
      publisher.close();
      await opsServer?.close();
    },
  };
}
