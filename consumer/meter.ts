import { Counter, Gauge, Registry } from 'prom-client';
import type { Lag } from './consumer-lag.ts';

/**
 * `handled`: its effect was committed. `duplicate`: it was in the inbox. `unhandled`: its type has no handler.
 * `foreign`: it is no CloudEvent.
 */
export type Outcome = 'handled' | 'duplicate' | 'unhandled' | 'foreign';

/** What a consumer counts. */
export interface Meter {
  readonly metrics: Registry;
  count(outcome: Outcome): void;
  retry(): void;
  totals(): Readonly<Record<Outcome | 'retries', number>>;
}

export function openMeter(application: string, lag: () => Lag, shards: () => number): Meter {
  const metrics = new Registry();
  metrics.setDefaultLabels({ application });
  const registers = [metrics];
  const records = new Counter({
    name: 'banyan_consumer_records_total',
    help: 'Records read to their end, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const retries = new Counter({
    name: 'banyan_consumer_retries_total',
    help: 'Attempts at handling a record that failed.',
    registers,
  });
  new Gauge({
    name: 'banyan_consumer_lag_seconds',
    help: 'Age of the oldest event that is not handled; NaN when nobody can say.',
    registers,
    collect() {
      const { lagMs } = lag();
      this.set(lagMs === null ? Number.NaN : lagMs / 1_000);
    },
  });
  new Gauge({
    name: 'banyan_consumer_shards',
    help: 'Shards being read.',
    registers,
    collect() {
      this.set(shards());
    },
  });
  const totals = { handled: 0, duplicate: 0, unhandled: 0, foreign: 0, retries: 0 };
  for (const outcome of ['handled', 'duplicate', 'unhandled', 'foreign']) records.inc({ outcome }, 0);
  return {
    metrics,
    count(outcome) {
      totals[outcome] += 1;
      records.inc({ outcome });
    },
    retry() {
      totals.retries += 1;
      retries.inc();
    },
    totals: () => ({ ...totals }),
  };
}
