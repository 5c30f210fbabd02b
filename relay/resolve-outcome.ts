import { HEARTBEAT } from '../outbox/event.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Availability } from './availability.ts';
import type { RelayMetrics } from './metrics.ts';
import type { RecordOutcome, RequestOutcome } from './publisher.ts';
import type { requestSize } from './request-size.ts';
import type { Result } from './settler.ts';
import type { ShardState } from './shard-states.ts';
import type { KeyState } from './key-state.ts';
import type { Window } from './window.ts';

/** How the way to the stream has been lately; changed by each outcome. */
export interface LineState {
  /** Requests in a row that failed as a whole. */
  failures: number;
  /** Nothing is sent before. */
  pausedUntil: number;
  /** When a record was last acknowledged; -1 if never. */
  lastAcknowledged: number;
}

export interface ResolveParts {
  readonly stream: string;
  readonly window: Window;
  readonly metrics: RelayMetrics;
  readonly size: ReturnType<typeof requestSize>;
  readonly line: LineState;
  readonly onKinesis: Availability;
  readonly requestTimeout: number;
  readonly startedAt: number;
}

/**
 * What follows from an outcome, per key: acknowledged goes to the settler and the key on to its next rows;
 * anything else keeps the same row the key's first, so that it is sent again and never stepped past.
 */
export function resolveOutcome(
  request: readonly KeyState[],
  outcome: RequestOutcome,
  parts: ResolveParts,
): Result[] {
  const { stream, window, metrics, line, size, onKinesis } = parts;
  const now = performance.now();
  const failed = (name: string, count = request.length) => metrics.failed.inc({ class: name, stream }, count);
  const bytes = request.reduce((sum, { inFlight }) => sum + (inFlight?.bytes ?? 0), 0);
  /** The whole request failed: its keys and the whole line wait alike, so that they fit one request again. */
  const holdBack = (doubtUntil = 0) => {
    line.pausedUntil = now + backoff(line.failures++, { base: 50, cap: 5_000 });
    for (const state of request) window.retry(state, { notBefore: line.pausedUntil, doubtUntil });
  };

  switch (outcome.kind) {
    case 'answered': {
      line.failures = 0;
      size.grow();
      onKinesis.report();
      setPaces(request, outcome.records, parts.startedAt, now);
      let [published, events] = [0, 0];
      const results = request.flatMap((state, index): Result[] => {
        const how = outcome.records[index]!;
        if (how.kind === 'failed') {
          failed(how.code.startsWith('ProvisionedThroughput') ? 'throttled' : 'internal', 1);
          window.retry(state, { notBefore: now + backoff(state.attempts, { base: 50, cap: 5_000 }) });
          return [];
        }
        line.lastAcknowledged = now;
        const rows = window.done(state);
        const own = rows.filter(({ type }) => type !== HEARTBEAT).length;
        published += own > 0 ? 1 : 0;
        events += own;
        return rows.map((row) => ({ row, bucket: state.bucket, epoch: state.epoch, how, stream }));
      });
      if (results.length > 0) metrics.lastAcknowledgement.setToCurrentTime();
      metrics.published.inc({ stream }, published);
      metrics.publishedEvents.inc({ stream }, events);
      return results;
    }
    case 'unknown':
      failed('unknown');
      onKinesis.report(outcome.cause);
      if (now - parts.startedAt >= parts.requestTimeout * 0.9) size.shrink(bytes);
      for (const state of request) state.most = state.inFlight?.rows ?? Infinity;
      holdBack(parts.startedAt + parts.requestTimeout);
      return [];
    case 'refused':
      failed(outcome.reason);
      if ((outcome.reason === 'invalid' || outcome.reason === 'too-large') && request.length > 1) {
        // Some record, or their number, is at fault: smaller requests, or single ones, tell which.
        if (outcome.reason === 'too-large') size.shrink(bytes);
        for (const state of request) {
          state.alone ||= outcome.reason === 'invalid';
          window.retry(state, { notBefore: now });
        }
        return [];
      }
      if (outcome.reason === 'invalid' || outcome.reason === 'too-large') {
        const [state] = request as [KeyState];
        const packed = state.inFlight?.rows ?? 1;
        if (packed > 1) {
          // One of the events packed together may be at fault: they go one by one.
          Object.assign(state, { apart: packed, most: 1, alone: true });
          window.retry(state, { notBefore: now });
          return [];
        }
        // Refused alone while the stream took others since: the record is at fault, not the stream.
        if (state.refusedAt !== undefined && line.lastAcknowledged > state.refusedAt) {
          window.poison(state, `the stream refused it: ${outcome.cause.name}: ${outcome.cause.message}`);
          return [];
        }
        state.refusedAt ??= now;
        window.retry(state, { notBefore: now + backoff(state.attempts, { base: 50, cap: 5_000 }) });
        onKinesis.report(outcome.cause);
        return [];
      }
      onKinesis.report(outcome.cause);
      holdBack();
      return [];
  }
}

/** Tells the pace of each shard what became of its records. */
function setPaces(
  request: readonly KeyState[],
  records: readonly RecordOutcome[],
  sentAt: number,
  now: number,
): void {
  const counts = new Map<ShardState, { acknowledged: number; failed: number; bytes: number }>();
  for (const [index, { shard, inFlight }] of request.entries()) {
    const count = counts.get(shard) ?? { acknowledged: 0, failed: 0, bytes: 0 };
    const { kind } = records[index]!;
    count[kind] += 1;
    if (kind === 'acknowledged') count.bytes += inFlight?.bytes ?? 0;
    counts.set(shard, count);
  }
  for (const [{ pace }, count] of counts) pace.answered({ ...count, sentAt }, now);
}
