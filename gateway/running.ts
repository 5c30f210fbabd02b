import type { Config } from '../contexts/index.ts';
import type { Answering } from './answer.ts';
import { trustIn, type Trust } from './client-address.ts';
import type { Identity } from './identity/identity.ts';
import type { InFlight } from './in-flight.ts';
import { openSeeing, type SeeingOptions } from './seeing/seeing.ts';
import { openShadowing, type Shadowing } from './shadow/shadowing.ts';
import { laneKey, openLane, type Lane, type LaneOptions } from './lane.ts';

/** All that the gateway has by its configuration. Never changed: another configuration is another one, put whole. */
export interface Running {
  readonly config: Config;
  readonly trust: Trust;
  readonly lanes: ReadonlyMap<string, Lane>;
  /** Goes on while neither a context nor an upstream changes; what it has found out of a context, while that doesn't. */
  readonly shadowing: Shadowing;
  readonly shadow: { users: number; readonly shadowing: Shadowing };
  readonly answering: Answering;
  /** Who is calling; undefined where the configuration asks for nobody. */
  readonly identity: Identity | undefined;
  /** Takes no more requests; what it has opened and nobody else uses is closed when those under way are done. */
  retire(): void;
}

export interface RunningOptions extends LaneOptions, Omit<SeeingOptions, 'trust'> {
  /** How the gateway is named. */
  readonly name: string;
  /** Counts for the whole gateway. */
  readonly inFlight: InFlight;
  /** Opens what finds out who is calling, for a configuration that has `gateway.identity`. */
  readonly openIdentity: (config: Config, trust: Trust) => Identity;
  /** The identity in force, for copies of shadowed reads. */
  readonly identity: () => Identity | undefined;
  /** Told of a lane that carries no more plain requests; its WebSockets may go on. */
  readonly onClosed: (lane: Lane) => void;
}

/**
 * Opens what a configuration asks for; lanes to upstreams for which nothing has changed since `before` are taken over,
 * with their connections and breakers. Throws when a file can't be read, and leaves nothing open then.
 */
export function openRunning(config: Config, options: RunningOptions, before?: Running): Running {
  const { name, metrics, log, inFlight, onClosed, writeLine, spans } = options;
  const same =
    JSON.stringify(before?.config.gateway.trustedProxies) === JSON.stringify(config.gateway.trustedProxies);
  const trust = before && same ? before.trust : trustIn(config.gateway.trustedProxies);
  const lanes = new Map<string, Lane>();
  try {
    for (const name of Object.keys(config.upstreams)) {
      const old = same ? before?.lanes.get(name) : undefined;
      lanes.set(name, old?.key === laneKey(config, name) ? old : openLane(config, name, trust, options));
    }
  } catch (error) {
    for (const lane of lanes.values()) if (lane.users === 0) close(lane);
    throw error;
  }
  for (const lane of lanes.values()) lane.users += 1;
  const shadow =
    before && same && isShadowedAlike(before.config, config)
      ? before.shadow
      : {
          users: 0,
          shadowing: openShadowing(config, {
            ...{ name, log, trust, identity: options.identity, before: before?.shadowing },
          }),
        };
  shadow.users += 1;
  const identity = config.gateway.identity && options.openIdentity(config, trust);

  let underWay = 0;
  let retired = false;
  const leave = () => {
    shadow.users -= 1;
    if (shadow.users === 0) void shadow.shadowing.close();
    identity?.close();
    for (const lane of lanes.values()) {
      lane.users -= 1;
      if (lane.users === 0) {
        close(lane);
        onClosed(lane);
      }
    }
  };
  const counted: InFlight = {
    ...inFlight,
    begin(decision) {
      underWay += 1;
      inFlight.begin(decision);
    },
    end(decision) {
      underWay -= 1;
      inFlight.end(decision);
      if (retired && underWay === 0) leave();
    },
  };
  const seeing = openSeeing(config, { trust, writeLine, spans });
  const answering = {
    upstreams: new Map([...lanes].map(([name, { forwarder }]) => [name, forwarder])),
    guards: {
      get: (upstream: string) => lanes.get(upstream)?.guards.get(upstream),
      states: () => Object.assign({}, ...[...lanes.values()].map(({ guards }) => guards.states())),
      close() {},
    },
    shadowing: shadow.shadowing,
    ...{ metrics, inFlight: counted, log, identity, serverTiming: config.gateway.serverTiming },
    ...{ seeing, onRefused: seeing?.refused },
  };
  return {
    ...{ config, trust, lanes, shadow, shadowing: shadow.shadowing, answering, identity },
    retire() {
      retired = true;
      if (underWay === 0) leave();
    },
  };
}

function isShadowedAlike(one: Config, other: Config): boolean {
  const of = ({ contexts, upstreams, monolith }: Config) => JSON.stringify([contexts, upstreams, monolith]);
  return of(one) === of(other);
}

function close({ guards, forwarder }: Lane): void {
  guards.close();
  void forwarder.close();
}
