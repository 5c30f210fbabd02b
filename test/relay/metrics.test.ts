import { expect, test } from 'vitest';
import { relayMetrics } from '../../relay/metrics.ts';

const state = {
  streams: ['shop', 'orders'],
  inFlight: () => 0,
  buckets: () => 0,
  unsettled: () => 0,
  rows: () => 0,
  stopped: () => undefined,
  pausedTypes: () => [],
};

test('shows what the relay can’t reach, as it is when it is asked', async () => {
  let kinesis = true;
  const { registry } = relayMetrics({ ...state, available: () => ({ database: true, kinesis }) });
  expect(await registry.metrics()).toContain('banyan_relay_available{what="kinesis"} 1');
  kinesis = false;
  const text = await registry.metrics();
  expect(text).toContain('banyan_relay_available{what="kinesis"} 0');
  expect(text).toContain('banyan_relay_available{what="database"} 1');
});

test('failures of every class and stream are there at 0, so that the first one is an increase', async () => {
  const { registry } = relayMetrics({ ...state, available: () => ({}) });
  const text = await registry.metrics();
  const classes = [
    ...text.matchAll(/^banyan_relay_failed_total\{class="([\w-]+)",stream="orders"\} 0$/gm),
  ].map(([, name]) => name);
  expect(classes).toEqual(
    'throttled internal unknown unreachable denied missing invalid too-large'.split(' '),
  );
});
