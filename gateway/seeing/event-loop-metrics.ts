import { Gauge, type Registry } from 'prom-client';
import type { EventLoop } from '../../runtime/event-loop.ts';

/** How busy this process's only thread for requests is. */
export function eventLoopMetrics(registry: Registry, eventLoop: Pick<EventLoop, 'reading'>): void {
  const registers = [registry];
  new Gauge({
    name: 'banyan_gateway_event_loop_lag_seconds',
    help: 'How late the event loop comes to what is due: median, 99th percentile and the most of the last 30 s.',
    labelNames: ['quantile'] as const,
    registers,
    collect() {
      const { p50, p99, max } = eventLoop.reading();
      this.set({ quantile: '0.5' }, p50);
      this.set({ quantile: '0.99' }, p99);
      this.set({ quantile: '1' }, max);
    },
  });
  new Gauge({
    name: 'banyan_gateway_event_loop_utilization',
    help: 'The share of its time that the event loop works instead of waiting, 0 to 1, of the last 30 s.',
    registers,
    collect() {
      this.set(eventLoop.reading().utilization);
    },
  });
}
