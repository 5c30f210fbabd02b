import { expect, test } from 'vitest';
import { processMetrics } from '../../runtime/process-metrics.ts';

test('processor time, memory, garbage collection and handles, without what a scrape would take from another', async () => {
  const names = processMetrics()
    .getMetricsAsArray()
    .map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'nodejs_heap_size_used_bytes',
      'nodejs_gc_duration_seconds',
    ]),
  );
  expect(names.filter((name) => name.includes('eventloop'))).toEqual([]);
});
