import { Counter, Gauge, type Registry } from 'prom-client';
import { SHADOW_OUTCOMES } from '../../contexts/index.ts';
import type { Budget } from './budget.ts';
import type { Comparer } from './comparer.ts';
import { DROPS } from './copy-queue.ts';
import type { ShadowedContext } from './shadowed-context.ts';

/** What the figures are of. */
export interface ShadowState {
  readonly contexts: ReadonlyMap<string, ShadowedContext>;
  readonly budget: Budget;
  readonly comparer: Comparer;
}

/** Shows the contexts' own counts: counting a read that is dropped has to cost next to nothing. */
export function shadowMetrics(registry: Registry, now: () => ShadowState): void {
  const registers = [registry];
  new Counter({
    name: 'banyan_gateway_shadow_total',
    help: 'Sampled reads of contexts in shadow, by what became of the comparison.',
    labelNames: ['context', 'outcome'] as const,
    registers,
    collect() {
      this.reset();
      for (const { context, totals } of now().contexts.values())
        for (const outcome of SHADOW_OUTCOMES) this.inc({ context, outcome }, totals[outcome]);
    },
  });
  new Counter({
    name: 'banyan_gateway_shadow_dropped_total',
    help: 'Sampled reads that were not compared, by reason.',
    labelNames: ['context', 'why'] as const,
    registers,
    collect() {
      this.reset();
      for (const { context, drops } of now().contexts.values())
        for (const why of DROPS) this.inc({ context, why }, drops[why]);
    },
  });
  new Gauge({
    name: 'banyan_gateway_shadow_paused',
    help: '1 while the context’s extracted service is taken for dead and gets no copies.',
    labelNames: ['context'] as const,
    registers,
    collect() {
      for (const { context, extracted } of now().contexts.values())
        this.set({ context }, extracted.queue.paused() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'banyan_gateway_shadow_bytes',
    help: 'Bytes of answers that wait for their comparison.',
    registers,
    collect() {
      this.set(now().budget.held());
    },
  });
  new Counter({
    name: 'banyan_gateway_shadow_thread_restarts_total',
    help: 'How often the thread that compares answers died or was stuck.',
    registers,
    collect() {
      this.reset();
      this.inc(now().comparer.restarts());
    },
  });
}
