import { Gauge, type Registry } from 'prom-client';
import type { KillSwitch } from './kill-switch.ts';

/** One sample for each context, so that an alert on it needs no guess at which there are. */
export function killedGauge(registry: Registry, killSwitch: Pick<KillSwitch, 'list'>): void {
  new Gauge({
    name: 'banyan_gateway_killed',
    help: 'Whether this gateway has the context killed: its reads go to the monolith (1), or its stage decides (0).',
    labelNames: ['context'] as const,
    registers: [registry],
    collect() {
      this.reset();
      for (const { context, kill } of killSwitch.list()) this.set({ context }, kill ? 1 : 0);
    },
  });
}
