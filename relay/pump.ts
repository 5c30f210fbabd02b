import { claimBatch } from '../outbox/claim-batch.ts';
import type { Translate } from '../outbox/row-change.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import type { Availability } from './availability.ts';
import type { Leases } from './leases.ts';
import type { RelayMetrics } from './metrics.ts';
import { pack } from './pack.ts';
import { pollPause } from './poll-pause.ts';
import { prepare } from './prepare.ts';
import type { Publisher, StreamLimits } from './publisher.ts';
import { requestSize } from './request-size.ts';
import { resolveOutcome } from './resolve-outcome.ts';
import type { Result, Settler } from './settler.ts';
import type { KeyState, Window } from './window.ts';

/** Requests on their way at once; their keys are disjoint, so one in doubt holds up its own keys alone. */
const REQUESTS_AT_ONCE = 4;
/** Acknowledged and unsettled events above which nothing more is sent: what a crash would repeat. */
const MOST_UNSETTLED = 2_000;
/** Rows read of one bucket at most. */
const MOST_OF_A_BUCKET = 200;

export interface PumpParts {
  readonly database: Database;
  readonly publisher: Publisher;
  readonly limits: StreamLimits;
  readonly leases: Leases;
  readonly window: Window;
  readonly settler: Settler;
  readonly metrics: RelayMetrics;
  readonly translate?: ((capture: string) => Translate | undefined) | undefined;
  readonly onDatabase: Availability;
  readonly onKinesis: Availability;
  readonly requestTimeout: number;
  readonly poll: number;
}

export interface Pump {
  /** Looks into the outbox at once. */
  wake(): void;
  readonly inFlight: number;
  /** Claims and sends nothing new; resolves when nothing is in flight. */
  stop(): Promise<void>;
}

/** The way of an event: claim -> pack -> publish -> settle. */
export function startPump(parts: PumpParts): Pump {
  const { database, publisher, limits, leases, window, settler, metrics, onDatabase, poll } = parts;
  const size = requestSize(limits.requestBytes);
  const line = { failures: 0, pausedUntil: 0, lastAcknowledged: -1 };
  const flying = new Set<Promise<void>>();
  const stopping = new AbortController();
  let [inFlight, pause, attempt, dueAt] = [0, 0, 0, 0];
  let wake = () => {};

  /** Reads the first pending rows of the keys that aren't in memory, for as much room as there is. */
  async function claim(): Promise<void> {
    const held = leases.claimable();
    const now = performance.now();
    const known = window.keysByBucket(now);
    const limit = Math.min(MOST_OF_A_BUCKET, Math.floor(window.room(now) / Math.max(1, held.length)));
    if (limit === 0) return void (dueAt = now + 10);
    try {
      const claims = held.map(({ bucket }) => ({ bucket, without: known.get(bucket) ?? [], limit }));
      const rows = await claimBatch(database, claims);
      window.add(
        rows.map((row) => prepare(row, limits, parts.translate)),
        new Map(held.map(({ bucket, epoch }) => [bucket, epoch])),
      );
      if (held.length > 0) onDatabase.report();
      pause = pollPause(pause, { found: rows.length, full: rows.length >= limit && rows.length > 0, poll });
      attempt = 0;
    } catch (error) {
      onDatabase.report(error);
      pause = backoff(attempt++, { base: 100, cap: 1_000 });
    }
    dueAt = performance.now() + pause;
  }

  /** Sends what can be sent now; what needs no sending goes to the settler. */
  function send(): void {
    const now = performance.now();
    if (stopping.signal.aborted || settler.backlog > MOST_UNSETTLED || line.pausedUntil > now) return;
    const sendable = (function* () {
      for (const state of window.ready(now)) {
        settler.add(unsent(state));
        if (state.rows.length > 0 && leases.outlivesRequest(state)) yield state;
      }
    })();
    const requestLimits = { ...limits, requestBytes: size.current() };
    for (const request of pack(sendable, requestLimits, REQUESTS_AT_ONCE - flying.size)) {
      const flight = deliver(request).finally(() => {
        flying.delete(flight);
        send();
      });
      flying.add(flight);
    }
  }

  /** Takes silent and poison rows from the front of a key. */
  function unsent(state: KeyState): Result[] {
    const results: Result[] = [];
    const { bucket, epoch } = state;
    for (let first = state.rows[0]; first !== undefined && first.kind !== 'record'; first = state.rows[0]) {
      const how =
        first.kind === 'poison'
          ? { kind: 'parked' as const, reason: first.reason }
          : { kind: 'silent' as const };
      results.push({ row: window.done(state), bucket, epoch, how });
    }
    return results;
  }

  /** One request: sent, and what came of it turned into results for the settler and retries for the window. */
  async function deliver(request: readonly KeyState[]): Promise<void> {
    inFlight += request.length;
    metrics.retries.inc(request.filter(({ attempts }) => attempts > 0).length);
    const records = request.map((state) => {
      window.sent(state);
      const first = state.rows[0];
      return { key: state.key, data: first?.kind === 'record' ? first.data : new Uint8Array() };
    });
    const startedAt = performance.now();
    const outcome = await publisher.publish(records);
    inFlight -= request.length;
    settler.add(resolveOutcome(request, outcome, { ...parts, size, line, startedAt }));
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (performance.now() >= dueAt) await claim();
      send();
      const now = performance.now();
      const next = Math.min(dueAt, Math.max(window.nextRetry(now), line.pausedUntil));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, next - now));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
  const running = run();

  return {
    wake() {
      dueAt = Math.min(dueAt, performance.now() + 1);
      wake();
    },
    get inFlight() {
      return inFlight;
    },
    async stop() {
      stopping.abort();
      wake();
      await running;
      await Promise.all(flying);
    },
  };
}
