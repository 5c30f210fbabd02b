import type { StreamRows } from '../outbox/stream-map.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { Availability } from './availability.ts';
import { claimer } from './claim.ts';
import type { Leases } from './leases.ts';
import type { RelayMetrics } from './metrics.ts';
import { nextRecord, recordData, type Aggregation, type RecordLimits } from './next-record.ts';
import type { OwnershipView } from './ownership-view.ts';
import { pack } from './pack.ts';
import { pollPause } from './poll-pause.ts';
import type { PreparingParts } from './prepare-batch.ts';
import type { Publisher, StreamLimits } from './publisher.ts';
import { requestSize } from './request-size.ts';
import { resolveOutcome } from './resolve-outcome.ts';
import type { Result, Settler } from './settler.ts';
import { watchShards } from './watch-shards.ts';
import type { KeyState } from './key-state.ts';
import type { Window } from './window.ts';

/** Requests on their way at once; their keys are disjoint, so one in doubt holds up its own keys alone. */
const REQUESTS_AT_ONCE = 8;
/** Acknowledged and unsettled events above which nothing more is sent: what a crash would repeat. */
const MOST_UNSETTLED = 4_000;
/** Milliseconds until the next look when the window has no room, and until the next try when too much is unsettled. */
const NO_ROOM = 10;

export interface PumpParts extends PreparingParts {
  /** The stream's name. */
  readonly stream: string;
  readonly database: Database;
  readonly publisher: Publisher;
  readonly limits: StreamLimits;
  readonly aggregation: Aggregation;
  readonly leases: Leases;
  readonly window: Window;
  readonly rowsPerKey: number;
  readonly ownership: OwnershipView;
  readonly rowsOf: StreamRows;
  readonly settler: Settler;
  readonly metrics: RelayMetrics;
  readonly onDatabase: Availability;
  readonly onKinesis: Availability;
  readonly requestTimeout: number;
  readonly poll: number;
  readonly log: Log;
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
  const { stream, publisher, limits, leases, window, ownership, settler, metrics, onDatabase, poll } = parts;
  const size = requestSize(limits.requestBytes);
  const line = { failures: 0, pausedUntil: 0, lastAcknowledged: -1 };
  const flying = new Set<Promise<void>>();
  const stopping = new AbortController();
  const shards = watchShards(parts);
  const claim = claimer(parts, send);
  let [inFlight, pause, attempt, dueAt, hinted] = [0, 0, 0, 0, false];
  let wake = () => {};
  let blocked: NodeJS.Timeout | undefined;

  /** Looks into the outbox, and says when to look again. A hint that comes meanwhile isn't lost. */
  async function look(): Promise<void> {
    hinted = false;
    const startedAt = performance.now();
    try {
      const claimed = await claim();
      if (claimed === undefined) return void (dueAt = performance.now() + NO_ROOM);
      if (claimed.buckets > 0) onDatabase.report();
      const took = performance.now() - startedAt;
      pause = pollPause(pause, { found: claimed.rows, full: claimed.more, took, poll });
      dueAt = performance.now() + pause;
      attempt = 0;
    } catch (error) {
      onDatabase.report(error);
      pause = backoff(attempt++, { base: 100, cap: 1_000 });
      dueAt = performance.now() + pause;
      hinted = false;
    }
  }

  /** Sends what can be sent now; what needs no sending goes to the settler. */
  function send(): void {
    const now = performance.now();
    if (stopping.signal.aborted || flying.size >= REQUESTS_AT_ONCE) return;
    if (line.pausedUntil > now) return;
    if (settler.backlog > MOST_UNSETTLED) {
      // Also while a look is under way, which may take longer than what is unsettled.
      blocked ??= setTimeout(() => {
        blocked = undefined;
        send();
      }, NO_ROOM);
      return;
    }
    const sendable = (function* () {
      for (const state of window.ready(now)) {
        settler.add(unsent(state));
        if (state.rows.length > 0 && ownership.sends(state.key) && leases.outlivesRequest(state)) yield state;
      }
    })();
    const requestLimits = { ...limits, aggregation: parts.aggregation, requestBytes: size.current() };
    for (const request of pack(sendable, requestLimits, REQUESTS_AT_ONCE - flying.size, now)) {
      const flight = deliver(request, requestLimits).finally(() => {
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
          ? { kind: 'parked' as const, reason: first.reason, paused: first.paused }
          : { kind: 'silent' as const };
      results.push(...window.done(state).map((row) => ({ row, bucket, epoch, how, stream })));
    }
    return results;
  }

  /** One request: sent, and what came of it turned into results for the settler and retries for the window. */
  async function deliver(request: readonly KeyState[], requestLimits: RecordLimits): Promise<void> {
    inFlight += request.length;
    metrics.retries.inc(request.filter(({ attempts }) => attempts > 0).length);
    const now = performance.now();
    const records = request.map((state) => {
      const record = nextRecord(state, requestLimits)!;
      window.sent(state, now, record);
      return { key: state.key, data: recordData(state.key, state.rows.slice(0, record.rows)) };
    });
    const startedAt = performance.now();
    const outcome = await publisher.publish(records);
    inFlight -= request.length;
    shards.answered(request, outcome);
    settler.add(resolveOutcome(request, outcome, { ...parts, size, line, startedAt }));
  }

  async function run(): Promise<void> {
    await shards.look();
    while (!stopping.signal.aborted) {
      if (hinted || performance.now() >= dueAt) await look();
      if (stopping.signal.aborted) return;
      send();
      const now = performance.now();
      const next = hinted ? now : Math.min(dueAt, Math.max(window.nextRetry(now), line.pausedUntil));
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
      hinted = true;
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
