import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace as traces, type Context } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import type { Ending, SeenAttempt, Sighting } from './sighting.ts';
import { attemptAttributes, failureWords, requestAttributes } from './span-attributes.ts';

/** Sends the spans of sampled requests away. */
export interface Spans {
  /** Makes them of a request that is over. */
  over(sighting: Sighting, ending: Ending, over: number): void;
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>;
}

/** What became of spans. */
export interface SpanCounts {
  exported: number;
  /** The collector didn't take them. */
  failed: number;
  /** Too many waited. */
  dropped: number;
}

export interface SpansOptions {
  readonly exporter: NonNullable<TracingConfig['exporter']>;
  readonly service: string;
  /** Which of the gateways this is. */
  readonly name: string;
  readonly counts: SpanCounts;
  readonly log: Log;
}

/** Spans that wait to be sent; one more is dropped and counted. Some 2 MB. */
const QUEUE = 2_048;
/** Milliseconds between two requests to the collector, and for each of them. */
const EVERY = 1_000;
const PATIENCE = 5_000;
/** Milliseconds that the stop of the gateway waits. */
const LAST_CALL = 2_000;
/** Milliseconds in which failures make one line of the log. */
const QUIET = 60_000;

/**
 * Opens the way to a collector: OTLP over HTTP, in JSON. OpenTelemetry's SDK is loaded here and only now. Spans are made
 * when a request is over, of what was noted meanwhile, so that nothing of the SDK runs while one is under way.
 */
export async function openSpans({ exporter, service, name, counts, log }: SpansOptions): Promise<Spans> {
  const [{ AlwaysOnSampler, BatchSpanProcessor, TracerProvider }, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  let waiting = 0;
  let told = -Infinity;
  const settle = (count: number, error: Error | undefined) => {
    waiting -= count;
    counts[error ? 'failed' : 'exported'] += count;
    if (!error || performance.now() - told < QUIET) return;
    told = performance.now();
    log.warn({ url: exporter.url, err: error }, 'spans can’t be exported');
  };
  const target = new OTLPTraceExporter({
    ...{ url: exporter.url, headers: { ...exporter.headers }, timeoutMillis: PATIENCE },
  });
  const counted: SpanExporter = {
    export: (spans, done) =>
      target.export(spans, (result) => {
        settle(spans.length, result.code === 0 ? undefined : (result.error ?? new Error('no reason given')));
        done(result);
      }),
    shutdown: () => target.shutdown(),
    forceFlush: () => target.forceFlush?.() ?? Promise.resolve(),
  };
  // The ids were given out while the request was under way.
  let next = '';
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resources.resourceFromAttributes({ 'service.name': service, 'service.instance.id': name }),
    idGenerator: { generateTraceId: () => next.slice(0, 32), generateSpanId: () => next.slice(32) },
    spanProcessors: [
      new BatchSpanProcessor({
        ...{ exporter: counted, maxQueueSize: QUEUE, maxExportBatchSize: QUEUE / 4 },
        ...{ scheduledDelayMillis: EVERY, exportTimeoutMillis: PATIENCE },
      }),
    ],
  });
  const tracer = provider.getTracer('banyan');

  const make = (
    context: Context,
    { id, span, name, kind, began, ended, attributes, error }: SpanFacts,
  ): void => {
    next = id + span;
    // The clock of the day may have been set since the process began.
    const day = Date.now() - performance.now();
    const made = tracer.startSpan(name, { kind, attributes, startTime: day + began }, context);
    if (error !== undefined) made.setStatus({ code: SpanStatusCode.ERROR, message: error });
    made.end(day + ended);
    waiting += 1;
  };

  return {
    over(sighting, ending, over) {
      const { trace, attempts, began, decision, request } = sighting;
      const own = attempts.filter(({ span }) => span !== undefined);
      if (waiting + own.length + 1 > QUEUE) return void (counts.dropped += own.length + 1);
      const { id, parent, span } = trace!;
      make(contextOf(id, parent, true), {
        ...{ id, span, began, ended: over, kind: SpanKind.SERVER },
        name: nameOf(request.method, decision.route),
        attributes: requestAttributes(sighting, ending),
        error: failureWords(ending),
      });
      const inside = contextOf(id, span, false);
      for (const attempt of own)
        make(inside, {
          ...{ id, span: attempt.span!, began: attempt.began, ended: attempt.ended ?? over },
          ...{ kind: SpanKind.CLIENT, name: nameOf(request.method, undefined) },
          attributes: attemptAttributes(sighting, attempt),
          error: errorOf(attempt),
        });
    },
    async close() {
      const closing = provider.shutdown().catch(() => {});
      await Promise.race([closing, wait(LAST_CALL)]);
    },
  };
}

interface SpanFacts {
  readonly id: string;
  readonly span: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly began: number;
  readonly ended: number;
  readonly attributes: Record<string, string | number>;
  readonly error: string | undefined;
}

function contextOf(traceId: string, spanId: string | undefined, isRemote: boolean): Context {
  if (spanId === undefined) return ROOT_CONTEXT;
  return traces.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, isRemote });
}

/** Bounded, as collectors want it: the route and never the path. A method that nobody knows is `HTTP`. */
function nameOf(method: string | undefined, route: string | undefined): string {
  const known = KNOWN.has(method!) ? method! : 'HTTP';
  // A route begins with the method that it matches.
  return route === undefined ? known : `${known} ${route.slice(route.indexOf(' ') + 1)}`;
}

const KNOWN = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
]);

/** A client span is an error from 4xx on, a server span from 5xx on (semantic conventions for HTTP). */
function errorOf({ failure, status }: SeenAttempt): string | undefined {
  if (failure) return failure.cause.message;
  return status !== undefined && status >= 400 ? `${status}` : undefined;
}
