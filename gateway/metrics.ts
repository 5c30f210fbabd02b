import { Counter, Gauge, Registry } from 'prom-client';
import type { Decision, DoubtKind } from '../contexts/index.ts';
import type { Failure } from './forwarding/forwarder.ts';
import type { Shed, UpstreamState } from './protection/guard.ts';
import { LIMITS, type Limit } from './refusal.ts';
import { requestMetrics, type RequestSeries } from './request-metrics.ts';
import { connectTimes } from './seeing/connection-metrics.ts';

/** What the gateway counts, as Prometheus metrics in a registry of its own. */
export interface GatewayMetrics {
  readonly registry: Registry;
  /** An exchange is over: the answer's status, or undefined when the client went away before it had one. */
  answered(decision: Decision, upstream: string, status: number | undefined, seconds: number): void;
  /** What `answered` has counted. */
  requests(): Iterable<RequestSeries>;
  /** Phase `request`: what came is no request that an upstream could get; the upstream's name is empty then. */
  failed(upstream: string, failure: { side: Failure['side']; phase: Failure['phase'] | 'request' }): void;
  /** A client passed one of the gateway's limits, or what it sent is no sound request. */
  refused(limit: Limit): void;
  fellBack(context: string): void;
  retried(upstream: string): void;
  /** A request was not sent to this upstream. */
  shed(upstream: string, cause: Shed['cause']): void;
  upgraded(upstream: string): void;
  /** A connection to an upstream was made. */
  connected(upstream: string, seconds: number): void;
  /** The configuration was read again: taken over, or not. */
  reloaded(outcome: 'applied' | 'refused'): void;
  /** Shows when the listener's certificate expires, in seconds since 1970. */
  watchCertificate(expires: () => number): void;
  /** A target that may be the context's and may be something else; what became of it. */
  doubted(labels: { context: string; doubt: DoubtKind; outcome: 'monolith' | 'refused' }): void;
}

export interface Gauges {
  /** The contexts' names. */
  contexts(): Iterable<string>;
  revision(): number;
  inFlight(): number;
  upstreams(): Record<string, UpstreamState>;
}

const CAUSES: readonly Shed['cause'][] = ['breaker', 'health', 'concurrency'];

/** As `banyan_gateway_breaker_state` shows it. */
const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Counters that alerts watch are there at 0: for Prometheus a series that begins at 1 has not grown. */
export function gatewayMetrics({ contexts, revision, inFlight, upstreams }: Gauges): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = requestMetrics(registry);
  const failures = new Counter({
    name: 'banyan_gateway_failures_total',
    help: 'Exchanges that broke, by the side that broke them and how far they had got.',
    labelNames: ['upstream', 'side', 'phase'] as const,
    registers,
  });
  const refusals = new Counter({
    name: 'banyan_gateway_refused_total',
    help: 'Requests refused and clients let go, by the limit that they passed.',
    labelNames: ['limit'] as const,
    registers,
  });
  for (const limit of LIMITS) refusals.inc({ limit }, 0);
  const fallbacks = new Counter({
    name: 'banyan_gateway_fallbacks_total',
    help: 'Reads that the monolith answered because the extracted service failed.',
    labelNames: ['context'] as const,
    registers,
    collect() {
      for (const context of contexts()) this.inc({ context }, 0);
    },
  });
  const retries = new Counter({
    name: 'banyan_gateway_retries_total',
    help: 'Connections tried again, and safe requests sent again because a pooled connection had been closed.',
    labelNames: ['upstream'] as const,
    registers,
  });
  const sheds = new Counter({
    name: 'banyan_gateway_shed_total',
    help: 'Requests not sent to their upstream: the breaker is open, it is unhealthy, it has too many already, or nobody knows who is calling.',
    labelNames: ['upstream', 'cause'] as const,
    registers,
    collect() {
      for (const upstream of Object.keys(upstreams()))
        for (const cause of CAUSES) this.inc({ upstream, cause }, 0);
    },
  });
  new Gauge({
    name: 'banyan_gateway_breaker_state',
    help: 'The circuit breaker of an upstream: 0 closed, 1 half-open, 2 open.',
    labelNames: ['upstream'] as const,
    registers,
    collect() {
      // A reload may have taken one away.
      this.reset();
      for (const [upstream, { breaker }] of Object.entries(upstreams()))
        if (breaker) this.set({ upstream }, BREAKER[breaker.state]);
    },
  });
  new Gauge({
    name: 'banyan_gateway_health',
    help: 'Whether an upstream is healthy: by the active checks, and by the requests themselves (passive).',
    labelNames: ['upstream', 'check'] as const,
    registers,
    collect() {
      this.reset();
      for (const [upstream, { breaker, health }] of Object.entries(upstreams())) {
        if (health) this.set({ upstream, check: 'active' }, health.health === 'unhealthy' ? 0 : 1);
        if (breaker) this.set({ upstream, check: 'passive' }, breaker.state === 'open' ? 0 : 1);
      }
    },
  });
  const upgrades = new Counter({
    name: 'banyan_gateway_upgrades_total',
    help: 'WebSocket upgrades by upstream.',
    labelNames: ['upstream'] as const,
    registers,
  });
  const reloads = new Counter({
    name: 'banyan_gateway_reloads_total',
    help: 'Configurations read while the gateway ran: applied, or refused as a whole.',
    labelNames: ['outcome'] as const,
    registers,
  });
  for (const outcome of ['applied', 'refused']) reloads.inc({ outcome }, 0);
  const doubts = new Counter({
    name: 'banyan_gateway_doubtful_targets_total',
    help: 'Targets that may be the context’s and may be something else, by what makes them doubtful and what became of them.',
    labelNames: ['context', 'doubt', 'outcome'] as const,
    registers,
  });
  new Gauge({
    name: 'banyan_gateway_revision',
    help: 'The revision in force on this gateway.',
    registers,
    collect() {
      this.set(revision());
    },
  });
  new Gauge({
    name: 'banyan_gateway_requests_in_flight',
    help: 'Requests under way.',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  return {
    registry,
    answered: (decision, upstream, status, seconds) =>
      requests.count(upstream, decision, status, seconds, upstream !== decision.upstream),
    requests: requests.series,
    failed: (upstream, { side, phase }) => failures.inc({ upstream, side, phase }),
    refused: (limit) => refusals.inc({ limit }),
    fellBack: (context) => fallbacks.inc({ context }),
    retried: (upstream) => retries.inc({ upstream }),
    shed: (upstream, cause) => sheds.inc({ upstream, cause }),
    upgraded: (upstream) => upgrades.inc({ upstream }),
    connected: connectTimes(registry),
    reloaded: (outcome) => reloads.inc({ outcome }),
    watchCertificate(expires) {
      new Gauge({
        name: 'banyan_gateway_certificate_expires_seconds',
        help: 'When the listener’s certificate expires, in seconds since 1970.',
        registers,
        collect() {
          this.set(expires());
        },
      });
    },
    doubted: (labels) => doubts.inc(labels),
  };
}
