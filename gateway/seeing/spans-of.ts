import { Counter, type Registry } from 'prom-client';
import type { Config } from '../../contexts/index.ts';
import { openSpans, type SpanCounts, type Spans, type SpansOptions } from './spans.ts';

export interface SpansOfOptions extends Omit<SpansOptions, 'exporter' | 'service' | 'counts'> {
  readonly registry: Registry;
}

/** Undefined where the configuration names no exporter: nothing of OpenTelemetry's SDK is loaded then. */
export async function spansOf(
  { gateway }: Pick<Config, 'gateway'>,
  { registry, ...options }: SpansOfOptions,
): Promise<Spans | undefined> {
  const { exporter, service } = gateway.tracing ?? {};
  const counts: SpanCounts = { exported: 0, failed: 0, dropped: 0 };
  new Counter({
    name: 'banyan_gateway_spans_total',
    help: 'Spans of sampled requests: exported, failed (the collector didn’t take them), or dropped (too many wait).',
    labelNames: ['outcome'] as const,
    registers: [registry],
    collect() {
      this.reset();
      if (exporter) for (const [outcome, count] of Object.entries(counts)) this.inc({ outcome }, count);
    },
  });
  return exporter && openSpans({ ...options, counts, exporter, service: service! });
}
