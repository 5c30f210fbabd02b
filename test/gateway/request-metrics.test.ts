import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { requestMetrics } from '../../gateway/request-metrics.ts';

test('a histogram of plain numbers reads as prom-client’s own does', async () => {
  const registry = new Registry();
  const { count } = requestMetrics(registry);
  const own = new Registry();
  const histogram = new Histogram({
    name: 'banyan_gateway_request_seconds',
    help: 'From the request’s head to the last byte of the answer.',
    labelNames: ['upstream', 'context', 'kind'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [own],
  });
  const contexts = [{}, { context: 'orders', kind: 'read' }, { context: 'orders', kind: 'write' }] as const;
  for (const [index, decision] of contexts.entries())
    for (const seconds of [0, 0.001, 0.0011, 0.03, 1, 29, 31].slice(index)) {
      count('shop', decision, 200, seconds);
      const { context = '', kind = '' } = { context: undefined, kind: undefined, ...decision };
      histogram.observe({ upstream: 'shop', context, kind }, seconds);
    }
  const name = 'banyan_gateway_request_seconds';
  expect(await registry.getSingleMetricAsString(name)).toBe(await own.getSingleMetricAsString(name));
});

test('requests are counted by class of status, and those whose client went away apart', async () => {
  const registry = new Registry();
  const { count } = requestMetrics(registry);
  for (const status of [200, 204, 404, 502, undefined, undefined])
    count('shop', { context: 'orders', kind: 'read' }, status, 0.1);
  count('shop', {}, 301, 0.1);
  const counter = registry.getSingleMetric('banyan_gateway_requests_total')!;
  // Twice: a scrape takes nothing away, and adds nothing.
  for (let scrape = 0; scrape < 2; scrape++) {
    const { values } = await counter.get();
    const found = values.map(({ labels, value }) => [
      labels['context'],
      labels['kind'],
      labels['status'],
      value,
    ]);
    expect(found.toSorted()).toEqual(
      [
        ['orders', 'read', 'aborted', 2],
        ['orders', 'read', '2xx', 2],
        ['orders', 'read', '4xx', 1],
        ['orders', 'read', '5xx', 1],
        ['', '', '3xx', 1],
        // So that the first one is an increase.
        ['', '', '5xx', 0],
      ].toSorted(),
    );
  }
});
