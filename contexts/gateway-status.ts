import type { Kill } from './kill.ts';
import type { ReadsStage, WritesStage } from './stage.ts';
import type { Traffic, TrafficWindows } from './traffic.ts';
import type { VerdictThresholds } from './verdict-config.ts';

/** The requests of a context by who got them. */
export interface Sides {
  readonly service: TrafficWindows;
  /** The monolith's own: without those that it answered in the service's place. */
  readonly monolith: TrafficWindows;
}

/** One context as a gateway has it in force. */
export interface ContextStatus {
  readonly context: string;
  readonly upstream: string;
  readonly reads: ReadsStage;
  readonly writes: WritesStage;
  /** Milliseconds for which this gateway has had these stages and this kill, or none, in force; since its start at most. */
  readonly sinceMs: number;
  readonly kill: Kill | null;
  /** Whether events belong to it: without any there is no lag. */
  readonly carriesEvents: boolean;
  /** Whether it has reads that can be shadowed, and whether its canary knows who it is sticky for. */
  readonly canShadow: boolean;
  readonly hasCohort: boolean;
  readonly thresholds: VerdictThresholds;
  readonly read: Sides;
  readonly write: Sides;
}

/** One upstream as a gateway sees it. What is off is null. */
export interface UpstreamStatus {
  readonly upstream: string;
  readonly monolith: boolean;
  readonly breaker: 'closed' | 'half-open' | 'open' | null;
  readonly health: 'unchecked' | 'healthy' | 'unhealthy' | null;
  /** Why it is open or unhealthy. */
  readonly why: string | null;
  /** All requests that it answered itself: in the last five minutes, and in the hour or so before. */
  readonly now: Traffic;
  readonly before: Traffic;
}

/** How late this gateway's own event loop came to what was due, in seconds, and the share of the time that it worked. */
export interface EventLoopStatus {
  readonly p99: number;
  readonly max: number;
  readonly utilization: number;
}

/** `GET /status` of a gateway's ops port: what `banyan status` asks. */
export interface GatewayStatus {
  readonly gateway: string;
  /** Of this process alone: two addresses may lead to the same one. */
  readonly instance: string;
  readonly generation: string;
  readonly revision: number;
  /** Milliseconds since it was started. */
  readonly startedAgoMs: number;
  /** Why it has no snapshot; null when it has one. */
  readonly missing: string | null;
  /** Requests under way. */
  readonly inFlight: number;
  readonly eventLoop: EventLoopStatus;
  readonly contexts: readonly ContextStatus[];
  readonly upstreams: readonly UpstreamStatus[];
}
