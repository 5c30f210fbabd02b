import { randomBytes } from 'node:crypto';
import { bindStream, StreamMismatch } from '../outbox/bind-stream.ts';
import { mapText } from '../outbox/stream-map.ts';
import { startOpsServer } from '../runtime/ops-server.ts';
import { persist } from '../runtime/persist.ts';
import { auditMetrics } from './audit-metrics.ts';
import { trackAvailability } from './availability.ts';
import { coalesce } from './coalesce.ts';
import { compareMaps } from './compare-maps.ts';
import { startJobs } from './jobs/start-jobs.ts';
import { keepLeases } from './keep-leases.ts';
import { createLeases } from './leases.ts';
import { relayMetrics } from './metrics.ts';
import { onHint } from './on-hint.ts';
import { onOver } from './on-over.ts';
import { createOwnershipView } from './ownership-view.ts';
import { watchOverlaps } from './overlaps.ts';
import { watchPausedTypes, type PauseAfter } from './paused-types.ts';
import type { StreamLimits } from './publisher.ts';
import { checkOptions, type Relay, type RelayOptions } from './relay-options.ts';
import { sendHeartbeats, type Heartbeats } from './send-heartbeats.ts';
import { settleGoneHeartbeats } from './settle-gone-heartbeats.ts';
import { startSettler } from './settler.ts';
import { standAside } from './stand-aside.ts';
import { createFlows } from './stream-flows.ts';
import { tellWriters } from './tell-writers.ts';
import { watchAudit } from './watch-audit.ts';
import { watchPurge } from './watch-purge.ts';
import { watchServer } from './watch-server.ts';

/** Milliseconds between two looks for hints: what all writers' hints together may cost the database. */
const BETWEEN_HINTS = 5;

/** DescribeStreamSummary may be asked 20 times a second by all of an account. Milliseconds. */
const LIMITS_EVERY = 60_000;

const PAUSE_AFTER: PauseAfter = { failures: 10, within: 60_000 };

const NOTHING_PURGES =
  'no redis is configured: nothing deletes settled rows, and banyan_outbox grows with every event. Set redis, or ' +
  'delete them yourself (docs/relay.md) and watch banyan_relay_purge_overdue_seconds';

/**
 * Starts a relay: pending rows -> stream. Resolves when it runs, whether or not the database, Kinesis and Redis
 * are there; it waits for them and recovers by itself. Rejects with StreamMismatch when the outbox belongs to
 * another stream, and with what the ops port said when it can't be taken.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  checkOptions(options);
  const { database, stream, streams = [], aggregates = {}, lease, log, redis } = options;
  const { onPoison = () => 'wait' as const, pauseAfter = PAUSE_AFTER, failover = 'stop' } = options;
  const owner = `${options.name.slice(0, 55)}~${randomBytes(4).toString('hex')}`;
  const stopping = new AbortController();
  const leasesEnd = new AbortController();
  const onDatabase = trackAvailability(log, 'database');
  const onStream = trackAvailability(log, 'stream');
  const onServer = trackAvailability(log, 'server');
  const standing = standAside(lease);
  const ownership = createOwnershipView();
  const settledByType: Record<string, number> = {};
  const beats = new Map<string, Heartbeats>();

  const pausedTypes = watchPausedTypes({ database, name: options.name, pauseAfter, log }, stopping.signal);
  const overlaps = watchOverlaps({ database, log, count: () => metrics.overlaps.inc() });
  const server = watchServer(database, { owner, failover, log });
  const flows = createFlows([stream, ...streams], {
    ...options,
    aggregation: options.aggregation ?? 'none',
    limitsEvery: options.limitsEvery ?? LIMITS_EVERY,
  });
  /** The terms of the leases; the map of streams is that in force, once it is known. */
  const terms = { stream: stream.name, aggregates: mapText({ aggregates }) };
  const leases = createLeases(database, {
    ...{ owner, lease, requestTimeout: options.requestTimeout, stream: terms.stream },
    get aggregates() {
      return terms.aggregates;
    },
    work: () => ({
      settledByType,
      inFlight: flows.inFlight,
      unsettled: settler.backlog,
      acknowledgedAgo: flows.acknowledgedAgo(),
    }),
    sendable: () => server.sendable,
  });
  const settler = startSettler(database, {
    owner,
    onPoison,
    holds: leases.holds,
    onDatabase: onDatabase.report,
    onOver: onOver(() => ({ flows, leases, overlaps, metrics, beats, settledByType, onPoison, log })),
  });
  const metrics = relayMetrics({
    streams: [...flows.names],
    inFlight: () => flows.inFlight,
    buckets: () => leases.count,
    unsettled: () => settler.backlog,
    rows: () => flows.rows,
    stopped: () => server.stopped,
    pausedTypes: () => pausedTypes.all(),
    available: () => ({
      database: onDatabase.reason() === undefined,
      stream: onStream.reason() === undefined,
      kinesis: flows.reason() === undefined,
    }),
  });

  try {
    await bindStream(database, stream.name, aggregates);
  } catch (error) {
    if (error instanceof StreamMismatch) {
      await settler.stop();
      flows.close();
      server.end();
      throw error;
    }
    onDatabase.report(error);
  }

  async function run(): Promise<void> {
    const map = await persist(
      () => bindStream(database, stream.name, aggregates),
      (error) => (error instanceof StreamMismatch ? onStream.report(error) : onDatabase.report(error)),
      stopping.signal,
    );
    if (map === undefined) return;
    terms.aggregates = mapText(map);
    const configured = { stream: stream.name, aggregates };
    const unsendable = compareMaps({ inForce: map, configured }, flows.names, log);
    onStream.report(unsendable);
    const tell = tellWriters(options);
    const onLimits = ({ recordBytes }: StreamLimits, name: string) => void tell(name, recordBytes);
    const shared = { pausedTypes, overlaps, leases, ownership, settler, metrics, onDatabase, standing };
    const parts = { ...options, ...shared, onLimits };
    await flows.begin(parts, map, stopping.signal);
    if (stopping.signal.aborted) return;
    const every = options.heartbeat;
    if (every)
      for (const flow of flows.all) {
        const further = flow !== flows.all[0];
        beats.set(flow.stream, sendHeartbeats({ ...parts, every, flow, further }, stopping.signal));
      }
    const kept = { aggregates: terms.aggregates, unsendable, flows: flows.all, server, onStream, onServer };
    await keepLeases({ ...parts, ...kept, probe: flows.probe, onTick: flows.wake }, leasesEnd.signal);
  }

  const opsServer =
    options.ops === undefined
      ? undefined
      : await startOpsServer({
          address: options.ops,
          metrics: [metrics.registry, ...(options.metrics ?? [])],
          notReady: () =>
            onServer.reason() ??
            onStream.reason() ??
            onDatabase.reason() ??
            flows.reason() ??
            (flows.running ? undefined : 'starting'),
        });
  const running = run();
  const gone = settleGoneHeartbeats({ database, owner, leases, streams: flows.names, log }, stopping.signal);
  const hints = coalesce(flows.wake, BETWEEN_HINTS);
  const stopHints = redis === undefined ? undefined : onHint(redis, hints.ask);
  const onAudit = auditMetrics(metrics.registry);
  const jobs =
    redis === undefined
      ? log.warn(NOTHING_PURGES)
      : startJobs({ ...options, redis, onAudit, onPurged: (rows) => metrics.purged.inc(rows) });
  void watchAudit(database, onAudit, stopping.signal);
  void watchPurge(options, (overdue) => metrics.purgeOverdue.set(overdue / 1_000), stopping.signal);

  /** Ends the way of the events: first what takes new ones, the leases last. */
  async function stopFlow(): Promise<void> {
    await Promise.all([...[...beats.values()].map(({ over }) => over), gone]);
    await flows.stop();
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
    wake: hints.ask,
    async stop() {
      stopping.abort();
      stopHints?.();
      hints.stop();
      await Promise.all([stopFlow(), jobs?.stop()]);
      flows.close();
      server.end();
      await opsServer?.close();
    },
  };
}
