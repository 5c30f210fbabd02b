import { Counter, Gauge, Registry } from 'prom-client';
import type { Lag } from './consumer-lag.ts';
import type { HeldEvents } from './held-events.ts';

/**
 * `handled`: its effect was committed. `duplicate`: it was in the inbox. `unhandled`: its type has no handler.
 * `foreign`: it is no CloudEvent. `replay`: it is sent again, and its type is not among the consumer's `replays`.
 * `held`: it waits for the numbers before its own, or for an operator; counted once more when it is handled.
 */
export type Outcome = 'handled' | 'duplicate' | 'unhandled' | 'foreign' | 'replay' | 'held';

const OUTCOMES = ['handled', 'duplicate', 'unhandled', 'foreign', 'replay', 'held'] as const;

const WHYS = ['gap', 'known'] as const;

/** What a consumer counts. */
export interface Meter {
  readonly metrics: Registry;
  count(outcome: Outcome): void;
  retry(): void;
  totals(): Readonly<Record<Outcome | 'retries', number>>;
}

export function openMeter(
  application: string,
  lag: () => Lag,
  shards: () => number,
  held: HeldEvents,
): Meter {
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
  const labelNames = ['why'];
  new Gauge({
    name: 'banyan_consumer_held_events',
    help: 'Events that wait for a missing number of their key (gap), or for an operator (known); NaN when nobody can say.',
    labelNames,
    registers,
    collect() {
      const counts = held.counts();
      for (const why of WHYS) this.set({ why }, counts?.[why].events ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'banyan_consumer_held_oldest_seconds',
    help: 'How long the one that is held longest has been; 0 when none is, NaN when nobody can say.',
    labelNames,
    registers,
    collect() {
      const counts = held.counts();
      for (const why of WHYS) this.set({ why }, counts?.[why].oldestSeconds ?? Number.NaN);
    },
  });
  const totals = { handled: 0, duplicate: 0, unhandled: 0, foreign: 0, replay: 0, held: 0, retries: 0 };
  for (const outcome of OUTCOMES) records.inc({ outcome }, 0);
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
