import { Gauge, type Registry } from 'prom-client';
import type { Config, ContextSnapshot, Snapshot } from '../contexts/index.ts';

/** What the figures are of; asked at every scrape. */
export interface GatewayState {
  config(): Config;
  snapshot(): Snapshot;
  /** Why there is no snapshot; undefined when there is one. */
  missing(): string | undefined;
  /** Milliseconds since the store answered last; undefined when it never did. */
  storeSeenAgo(): number | undefined;
}

/** What this gateway has in force, and whether it can know better: for dashboards and alerts that compare gateways. */
export function stateMetrics(
  registry: Registry,
  { config, snapshot, missing, storeSeenAgo }: GatewayState,
): void {
  const registers = [registry];
  new Gauge({
    name: 'banyan_gateway_ready',
    help: '1 with a snapshot; 0 without one: everything goes to the monolith then.',
    registers,
    collect() {
      this.set(missing() === undefined ? 1 : 0);
    },
  });
  new Gauge({
    name: 'banyan_gateway_store_seen_seconds',
    help: 'Time since the store of the stages answered last; NaN when it never did.',
    registers,
    collect() {
      const ago = storeSeenAgo();
      this.set(ago === undefined ? Number.NaN : ago / 1_000);
    },
  });
  new Gauge({
    name: 'banyan_gateway_upstream_info',
    help: 'Always 1: which role an upstream has, monolith, extracted, or gateway for what the gateway answers itself.',
    labelNames: ['upstream', 'role'] as const,
    registers,
    collect() {
      this.reset();
      const { monolith, upstreams } = config();
      for (const upstream of Object.keys(upstreams))
        this.set({ upstream, role: upstream === monolith ? 'monolith' : 'extracted' }, 1);
      this.set({ upstream: '', role: 'gateway' }, 1);
    },
  });
  new Gauge({
    name: 'banyan_gateway_context_info',
    help: 'Always 1: the stages of a context that are in force, and its extracted service.',
    labelNames: ['context', 'upstream', 'reads', 'writes'] as const,
    registers,
    collect() {
      this.reset();
      for (const { name: context, upstream, stages } of snapshot().contexts.values())
        this.set({ context, upstream, reads: stages.reads.stage, writes: stages.writes.stage }, 1);
    },
  });
  new Gauge({
    name: 'banyan_gateway_extracted_ratio',
    help: 'The share of cohorts, 0 to 1, whose reads the stage sends to the extracted service; NaN when retired.',
    labelNames: ['context'] as const,
    registers,
    collect() {
      this.reset();
      for (const context of snapshot().contexts.values())
        this.set({ context: context.name }, shareOf(context));
    },
  });
}

/** Without the lists of a canary, and whatever a kill says: that is `banyan_gateway_killed`. */
function shareOf({ stages: { reads } }: ContextSnapshot): number {
  switch (reads.stage) {
    case 'legacy':
    case 'shadow':
      return 0;
    case 'canary':
      return reads.percent / 100;
    case 'extracted':
      return 1;
    case 'retired':
      return Number.NaN;
  }
}
