import { Counter, type Metric, type Registry } from 'prom-client';
import { DURATION_BOUNDS, type Decision } from '../contexts/index.ts';

/** Infinite where there is no bound, so that no number is compared with nothing. */
const BOUNDS = [...DURATION_BOUNDS, Infinity, Infinity, Infinity];
const OPEN = DURATION_BOUNDS.length;
/** Prometheus is shown every third bucket. */
const SHOWN = 3;
/** By the first digit of the status; those above 5 are no classes of RFC 9110 §15, yet there are servers that send them. */
const OUTCOMES = ['aborted', ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `${digit}xx`)];
const DURATION = 'banyan_gateway_request_seconds';

/** Requests of one upstream, context and kind, since the start. */
export interface RequestSeries {
  readonly labels: { readonly upstream: string; readonly context: string; readonly kind: string };
  /** That the upstream answered in the place of the one that they were decided for: counted here besides. */
  readonly instead: boolean;
  /** By class of the status: aborted, 1xx, …, 9xx. */
  readonly outcomes: number[];
  /** By `DURATION_BOUNDS`. */
  readonly buckets: number[];
  sum: number;
}

export interface RequestMetrics {
  /**
   * Counts one answered request; its status is undefined when the client went away before it had one, and `instead` is
   * true when another upstream answers it than was decided.
   */
  count(
    upstream: string,
    { context, kind }: Pick<Decision, 'context' | 'kind'>,
    status: number | undefined,
    seconds: number,
    instead?: boolean,
  ): void;
  /** What is counted, for whoever looks at it now and again. */
  series(): Iterable<RequestSeries>;
}

/** By upstream, context and kind. */
type All = Map<string, Map<string, Map<string, RequestSeries>>>;

/**
 * Requests and how long they took. Every request is counted here, so in plain numbers: prom-client would make a text
 * of the labels for each request, and this makes one for each scrape.
 */
export function requestMetrics(registry: Registry): RequestMetrics {
  const all: All = new Map();
  const instead: All = new Map();
  new Counter({
    name: 'banyan_gateway_requests_total',
    help: 'Requests by the upstream that answered, context, kind and class of the status.',
    labelNames: ['upstream', 'context', 'kind', 'status'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, outcomes } of seriesOf(all))
        for (const [index, count] of outcomes.entries())
          // The first 5xx is an increase that way: for Prometheus a series that begins at 1 has not grown.
          if (count > 0 || index === 5) this.inc({ ...labels, status: OUTCOMES[index]! }, count);
    },
  });
  // A Histogram of prom-client can be told of one value at a time only; the registry takes whatever has this shape.
  const durations = {
    name: DURATION,
    get: async () => ({
      name: DURATION,
      help: 'From the request’s head to the last byte of the answer.',
      type: 'histogram',
      values: [...seriesOf(all)].flatMap(samples),
      aggregator: 'sum',
    }),
    reset() {
      all.clear();
      instead.clear();
    },
  };
  registry.registerMetric(durations as unknown as Metric);
  return {
    count(upstream, { context = '', kind = '' }, status, seconds, inPlace = false) {
      const series = all.get(upstream)?.get(context)?.get(kind) ?? begin(all, { upstream, context, kind });
      add(series, status, seconds);
      if (!inPlace) return;
      const labels = { upstream, context, kind };
      add(instead.get(upstream)?.get(context)?.get(kind) ?? begin(instead, labels, true), status, seconds);
    },
    *series() {
      yield* seriesOf(all);
      yield* seriesOf(instead);
    },
  };
}

function add(series: RequestSeries, status: number | undefined, seconds: number): void {
  series.outcomes[status === undefined ? 0 : Math.floor(status / 100)]! += 1;
  let bucket = 0;
  while (seconds > BOUNDS[bucket]!) bucket += SHOWN;
  // Of the two before it, too, one may be wide enough.
  if (bucket > 0 && seconds <= BOUNDS[bucket - 1]!) bucket -= seconds <= BOUNDS[bucket - 2]! ? 2 : 1;
  series.buckets[bucket]! += 1;
  series.sum += seconds;
}

function begin(all: All, labels: RequestSeries['labels'], instead = false): RequestSeries {
  const { upstream, context, kind } = labels;
  const buckets = [...DURATION_BOUNDS.map(() => 0), 0];
  const series = { labels, instead, outcomes: OUTCOMES.map(() => 0), buckets, sum: 0 };
  const contexts = all.get(upstream) ?? new Map<string, Map<string, RequestSeries>>();
  const kinds = contexts.get(context) ?? new Map<string, RequestSeries>();
  all.set(upstream, contexts.set(context, kinds.set(kind, series)));
  return series;
}

function* seriesOf(all: All): Generator<RequestSeries> {
  for (const contexts of all.values()) for (const kinds of contexts.values()) yield* kinds.values();
}

/** As Prometheus has it: each bucket with all that are below it, then sum and count. */
function samples({ labels, buckets, sum }: RequestSeries): object[] {
  let count = 0;
  const found: object[] = buckets.flatMap((own, index) => {
    count += own;
    if (index !== OPEN && index % SHOWN !== 0) return [];
    const le = index === OPEN ? '+Inf' : BOUNDS[index];
    return [{ labels: { le, ...labels }, value: count, metricName: `${DURATION}_bucket` }];
  });
  found.push({ labels, value: sum, metricName: `${DURATION}_sum` });
  found.push({ labels, value: count, metricName: `${DURATION}_count` });
  return found;
}
