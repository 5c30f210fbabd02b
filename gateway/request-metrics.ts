import { Counter, type Metric, type Registry } from 'prom-client';
import type { Decision } from '../contexts/index.ts';

/** Seconds: the upper bounds of the histogram's buckets; the last one is open. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** By the first digit of the status; those above 5 are no classes of RFC 9110 §15, yet there are servers that send them. */
const OUTCOMES = ['aborted', ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `${digit}xx`)];
const DURATION = 'banyan_gateway_request_seconds';

/** Requests of one upstream, context and kind. */
interface Series {
  readonly labels: { readonly upstream: string; readonly context: string; readonly kind: string };
  readonly outcomes: number[];
  readonly buckets: number[];
  sum: number;
}

/** Counts one answered request; its status is undefined when the client went away before it had one. */
export type CountRequest = (
  upstream: string,
  { context, kind }: Pick<Decision, 'context' | 'kind'>,
  status: number | undefined,
  seconds: number,
) => void;

/** By upstream, context and kind. */
type All = Map<string, Map<string, Map<string, Series>>>;

/**
 * Requests and how long they took. Every request is counted here, so in plain numbers: prom-client would make a text
 * of the labels for each request, and this makes one for each scrape.
 */
export function requestMetrics(registry: Registry): CountRequest {
  const all: All = new Map();
  new Counter({
    name: 'banyan_gateway_requests_total',
    help: 'Requests by the upstream that answered, context, kind and class of the status.',
    labelNames: ['upstream', 'context', 'kind', 'status'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, outcomes } of seriesOf(all))
        for (const [index, count] of outcomes.entries())
          if (count > 0) this.inc({ ...labels, status: OUTCOMES[index]! }, count);
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
    reset: () => all.clear(),
  };
  registry.registerMetric(durations as unknown as Metric);
  return (upstream, { context = '', kind = '' }, status, seconds) => {
    const series = all.get(upstream)?.get(context)?.get(kind) ?? begin(all, { upstream, context, kind });
    series.outcomes[status === undefined ? 0 : Math.floor(status / 100)]! += 1;
    let bucket = 0;
    while (seconds > BOUNDS[bucket]!) bucket += 1;
    series.buckets[bucket]! += 1;
    series.sum += seconds;
  };
}

function begin(all: All, labels: Series['labels']): Series {
  const { upstream, context, kind } = labels;
  const series = { labels, outcomes: OUTCOMES.map(() => 0), buckets: [...BOUNDS.map(() => 0), 0], sum: 0 };
  const contexts = all.get(upstream) ?? new Map<string, Map<string, Series>>();
  const kinds = contexts.get(context) ?? new Map<string, Series>();
  all.set(upstream, contexts.set(context, kinds.set(kind, series)));
  return series;
}

function* seriesOf(all: All): Generator<Series> {
  for (const contexts of all.values()) for (const kinds of contexts.values()) yield* kinds.values();
}

/** As Prometheus has it: each bucket with all that are below it, then sum and count. */
function samples({ labels, buckets, sum }: Series): object[] {
  let count = 0;
  const found: object[] = buckets.map((own, index) => {
    count += own;
    return {
      labels: { le: BOUNDS[index] ?? '+Inf', ...labels },
      value: count,
      metricName: `${DURATION}_bucket`,
    };
  });
  found.push({ labels, value: sum, metricName: `${DURATION}_sum` });
  found.push({ labels, value: count, metricName: `${DURATION}_count` });
  return found;
}
