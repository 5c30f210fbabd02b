import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/**
 * What Prometheus knows of every process (`process_*`) and of Node.js (`nodejs_*`: heap, garbage collection, handles),
 * for the process that this is; once in a process. Without `nodejs_eventloop_lag_*`: those begin anew at each scrape,
 * so that two readers take each other's away, and are never below the 10 ms of their own timer.
 */
export function processMetrics(): Registry {
  const registry = new Registry();
  // Their timer can't be left out, only made to fire never: a hundred times a second is most of what an idle process does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 2 ** 31 - 1 });
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_eventloop_lag')) registry.removeSingleMetric(name);
  new Gauge({
    name: 'nodejs_heap_size_limit_bytes',
    help: 'What JavaScript objects may take: above it the process ends itself.',
    registers: [registry],
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
  return registry;
}
