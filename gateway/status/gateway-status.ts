import { randomUUID } from 'node:crypto';
import {
  canShadow,
  carriesEvents,
  thresholdsOf,
  type Config,
  type ContextSnapshot,
  type ContextStatus,
  type EventLoopStatus,
  type GatewayStatus,
  type Kill,
  type Sides,
  type Snapshot,
  type Traffic,
  type UpstreamStatus,
} from '../../contexts/index.ts';
import type { UpstreamState } from '../protection/guard.ts';
import type { RequestSeries } from '../request-metrics.ts';
import { watchStages } from './stages-in-force.ts';
import { openWindows, type Base } from './windows.ts';

export interface StatusOptions {
  /** How the gateway is named. */
  readonly name: string;
  readonly config: () => Config;
  readonly snapshot: () => Snapshot;
  /** Why there is no snapshot. */
  readonly missing: () => string | undefined;
  readonly kills: () => ReadonlyMap<string, Kill>;
  readonly upstreams: () => Record<string, UpstreamState>;
  readonly inFlight: () => number;
  readonly eventLoop: () => EventLoopStatus;
  readonly requests: () => Iterable<RequestSeries>;
  readonly clock?: () => number;
  /** Milliseconds between two looks at what has been counted. */
  readonly every?: number;
}

/** What this gateway can tell of how it goes now. It looks at its counts every ten seconds, and at the stages when they change. */
export function openGatewayStatus(options: StatusOptions): {
  report(): GatewayStatus;
  /** To be called when another snapshot is in force. */
  look(): void;
  close(): void;
} {
  const { clock = () => performance.now(), every = 10_000, requests } = options;
  const windows = openWindows(requests, clock);
  const stages = watchStages(windows);
  const started = clock();
  const instance = randomUUID();
  const look = () => stages.look(options.snapshot());
  look();
  const timer = setInterval(windows.tick, every);
  timer.unref();

  const sidesOf = ({ name, upstream }: ContextSnapshot, kind: string, monolith: string): Sides => {
    const own = [...requests()].filter(({ labels }) => labels.context === name && labels.kind === kind);
    const base = stages.baseOf(name);
    const service = own.filter(({ labels, instead }) => labels.upstream === upstream && !instead);
    const others = own.filter(({ labels }) => labels.upstream === monolith);
    const replaced = own.filter(({ instead }) => instead);
    const within = (window: (series: RequestSeries[], base?: Base) => Traffic) => ({
      service: withReplaced(window(service, base), window(replaced, base)),
      monolith: window(others, base),
    });
    const [now, long] = [within(windows.now), within(windows.long)];
    return {
      service: { now: now.service, long: long.service },
      monolith: { now: now.monolith, long: long.monolith },
    };
  };

  const contextOf = (context: ContextSnapshot, { monolith }: Snapshot): ContextStatus => {
    const { name, upstream, stages: inForce } = context;
    const config = options.config();
    const written = config.contexts[name]!;
    return {
      ...{ context: name, upstream, reads: inForce.reads, writes: inForce.writes },
      sinceMs: Math.round(clock() - (stages.baseOf(name)?.at ?? started)),
      kill: options.kills().get(name) ?? null,
      carriesEvents: carriesEvents(config, name),
      canShadow: written.routes.some(canShadow),
      hasCohort: written.cohort !== undefined,
      thresholds: thresholdsOf(written),
      read: sidesOf(context, 'read', monolith),
      write: sidesOf(context, 'write', monolith),
    };
  };

  return {
    report() {
      const snapshot = options.snapshot();
      const { generation, revision, monolith } = snapshot;
      return {
        ...{ gateway: options.name, instance, generation, revision },
        startedAgoMs: Math.round(clock() - started),
        missing: options.missing() ?? null,
        inFlight: options.inFlight(),
        eventLoop: options.eventLoop(),
        // A reload may have taken a context out of the configuration that the snapshot still has.
        contexts: snapshot.inOrder
          .filter(({ name }) => Object.hasOwn(options.config().contexts, name))
          .map((context) => contextOf(context, snapshot)),
        upstreams: Object.entries(options.upstreams()).map(([name, state]): UpstreamStatus => {
          const own = [...requests()].filter(({ labels, instead }) => labels.upstream === name && !instead);
          return {
            ...{ upstream: name, monolith: name === monolith, ...protectionOf(state) },
            ...{ now: windows.now(own), before: windows.before(own) },
          };
        }),
      };
    },
    look,
    close: () => clearInterval(timer),
  };
}

/** What was answered in the service's place are failures of the service; `replaced` is counted below zero. */
function withReplaced(service: Traffic, replaced: Traffic): Traffic {
  const failures = -(replaced.requests + replaced.aborted);
  return { ...service, requests: service.requests + failures, failed: service.failed + failures };
}

function protectionOf({
  breaker,
  health,
}: UpstreamState): Pick<UpstreamStatus, 'breaker' | 'health' | 'why'> {
  return {
    breaker: breaker?.state ?? null,
    health: health?.health ?? null,
    why: breaker?.state === 'open' ? breaker.why : health && 'why' in health ? health.why : null,
  };
}
