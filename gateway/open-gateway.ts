import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Config, type GatewayStatus, type Known, type SnapshotSource } from '../contexts/index.ts';
import { watchEventLoop } from '../runtime/event-loop.ts';
import type { Log } from '../runtime/log.ts';
import { clientAddress, type Trust } from './client-address.ts';
import { decideAgain, type Deciding } from './decide-request.ts';
import { openDoubts } from './doubts.ts';
import { handleRequest, type ToMonolith } from './handle-request.ts';
import { handleUpgrade } from './handle-upgrade.ts';
import { openIdentities } from './identity/open-identities.ts';
import { JWKS_PATH, serveKeys } from './identity/serve-keys.ts';
import { countInFlight } from './in-flight.ts';
import { latchesOf, openKill } from './kill/open-kill.ts';
import { laneKey, type Lane } from './lane.ts';
import { gatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { askingFirst } from './own-writes/ask-first.ts';
import { watchLag } from './own-writes/lag-watch.ts';
import { ownWritesMetrics } from './own-writes/own-writes-metrics.ts';
import { openOwnWrites } from './own-writes/own-writes.ts';
import type { Parts } from './parts.ts';
import type { Guards } from './protection/open-guards.ts';
import type { Telling } from './refusal.ts';
import { openRunning, type Running, type RunningOptions } from './running.ts';
import { lostLines, type AccessSink } from './seeing/access-sink.ts';
import { connectionMetrics } from './seeing/connection-metrics.ts';
import { eventLoopMetrics } from './seeing/event-loop-metrics.ts';
import { spansOf } from './seeing/spans-of.ts';
import { eraseHandler } from './shadow/erase-handler.ts';
import { shadowMetrics } from './shadow/shadow-metrics.ts';
import type { Shadowing } from './shadow/shadowing.ts';
import { snapshotCopy } from './snapshot/copy.ts';
import { openHolder, type Holder } from './snapshot/holder.ts';
import { stateMetrics } from './state-metrics.ts';
import { openGatewayStatus } from './status/gateway-status.ts';

export interface GatewayOptions {
  readonly config: Config;
  /** Where the stages come from. */
  readonly source: SnapshotSource;
  /** How the gateway is named among the gateways. */
  readonly name: string;
  readonly log: Log;
  /**
   * Where the gateway is part of the monolith: who is calling, instead of `gateway.identity.path`. An object with the
   * user's id as `sub` and what else may become a claim, or undefined for nobody; asked for every request of a context
   * with `identity`. When it fails, nobody knows, and the service isn't asked.
   */
  readonly identify?: ((request: IncomingMessage) => unknown) | undefined;
  /** Where lines of the access log go, which the configuration asks for; to `log` unless given. Holds nobody up. */
  readonly accessLog?: AccessSink | undefined;
}

/** A gateway without a port: what the server of its own and the Express middleware have in common. */
export interface OpenGateway {
  readonly holder: Holder;
  readonly metrics: GatewayMetrics;
  guards(): Guards;
  /** What the ops port serves besides health and metrics, by path: the kill switch. */
  readonly opsHandlers: Readonly<Record<string, RequestListener>>;
  shadowing(): Shadowing;
  /** How it goes now, for `banyan status`. */
  status(): GatewayStatus;
  /** Decides and answers. With `toMonolith`, what is the monolith's is handed to it instead of being forwarded. */
  handle(request: IncomingMessage, response: ServerResponse, toMonolith?: ToMonolith): void;
  /** Decides and tunnels a WebSocket upgrade. With `toMonolith`, as above. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, toMonolith?: () => void): void;
  /** The resolved client address of a request: behind trusted proxies, whom they name. */
  clientAddress(request: IncomingMessage): string;
  /** Whose word on where a request comes from is taken. */
  trust(): Trust;
  /** Told of requests that are refused elsewhere. */
  readonly onRefused: NonNullable<Telling['onRefused']>;
  /** The configuration in force. */
  config(): Config;
  /**
   * Opens what another configuration asks for, and returns what puts it in force, at once and whole: requests that
   * come then are decided and answered by it, those under way by the one before. Throws when a file can't be read.
   */
  prepare(config: Config): () => void;
  /** Whether this configuration, or what its files hold, is another than the one in force. */
  isNew(config: Config): boolean;
  /** Requests under way. */
  underWay(): number;
  /** Ends all WebSockets. */
  closeTunnels(): void;
  /** Ends everything that is left. */
  close(): Promise<void>;
}

export async function openGateway({
  config,
  source,
  name,
  log,
  identify,
  accessLog,
}: GatewayOptions): Promise<OpenGateway> {
  const inFlight = countInFlight();
  const copy = snapshotCopy(config.gateway.stateDir, name);
  const latches = await latchesOf({ config, name, log });
  const holder = await openHolder({
    ...{ config, source, copy, latches, name, log },
    writesInFlight: inFlight.writes,
  });
  const metrics = gatewayMetrics({
    contexts: () => holder.current().contexts.keys(),
    revision: () => holder.current().revision,
    inFlight: inFlight.total,
    upstreams: () => running.answering.guards.states(),
  });
  const kill = await openKill({ config, source, name, log, latches, holder, metrics });
  /** Lanes with WebSockets that the configuration has no more. */
  const retired = new Set<Lane>();
  const onClosed = (lane: Lane) => void (lane.upgrader.tunnels() > 0 && retired.add(lane));
  const identities = openIdentities({ redis: config.redis, identify, metrics: metrics.registry, log });
  const sink = accessLog ?? { write: (line: object) => log.info(line, 'request') };
  lostLines(metrics.registry, sink);
  const spans = await spansOf(config, { name, log, registry: metrics.registry });
  const options: RunningOptions = {
    ...{ name, metrics, log, inFlight, onClosed, writeLine: sink.write, spans },
    openIdentity: identities.open,
    identity: () => running.identity,
    onSetCookie: (value, asked) => running.identity?.cookieSet(value, asked),
  };
  let running: Running;
  try {
    running = openRunning(config, options);
  } catch (error) {
    identities.close();
    await Promise.all([kill.stop(), holder.stop(), spans?.close()]);
    throw error;
  }
  shadowMetrics(metrics.registry, () => running.shadowing.state());
  connectionMetrics(metrics.registry, () => running.answering.upstreams);
  const eventLoop = watchEventLoop();
  eventLoopMetrics(metrics.registry, eventLoop);
  stateMetrics(metrics.registry, {
    config: () => running.config,
    snapshot: holder.current,
    missing: holder.missing,
    storeSeenAgo: holder.storeSeenAgo,
  });
  const tellDoubt = openDoubts({ metrics, log });
  const status = openGatewayStatus({
    ...{ name, requests: metrics.requests, kills: latches.inForce, inFlight: inFlight.total },
    ...{ snapshot: holder.current, missing: holder.missing },
    eventLoop: eventLoop.reading,
    config: () => running.config,
    upstreams: () => running.answering.guards.states(),
  });
  holder.onChange(status.look);
  const lags = watchLag({ config, source, log });
  const followed = ownWritesMetrics(metrics.registry, lags.lags);
  const ownWrites = openOwnWrites(config, { log, metrics: followed });
  const snapshot = holder.current;
  const deciding = (): Deciding => ({ trust: running.trust, tellDoubt, behind: lags.behind });
  const again = (request: IncomingMessage, known: Known) => ({
    snapshot: snapshot(),
    decision: decideAgain(snapshot(), request, deciding(), known),
  });
  const parts: Parts = {
    ...{ running: () => running, snapshot, deciding, ownWrites, followed, metrics },
    askFirst: askingFirst({ ownWrites, again }),
  };

  return {
    holder,
    metrics,
    guards: () => running.answering.guards,
    opsHandlers: {
      ...kill.handlers,
      '/shadow/erase': eraseHandler(() => running.shadowing, log),
      [JWKS_PATH]: (request, response) => serveKeys(running.identity?.jwks, request, response),
    },
    shadowing: () => running.shadowing,
    status: status.report,
    handle: (request, response, toMonolith) => handleRequest(parts, request, response, toMonolith),
    upgrade: (request, socket, head, toMonolith) =>
      handleUpgrade(parts, { request, socket, head }, toMonolith),
    trust: () => running.trust,
    onRefused: (facts, request) => running.answering.onRefused?.(facts, request),
    clientAddress: (request) => clientAddress(running.trust, request),
    underWay: inFlight.total,
    config: () => running.config,
    isNew: (next) =>
      JSON.stringify(next) !== JSON.stringify(running.config) ||
      [...running.lanes].some(([name, { key }]) => key !== laneKey(next, name)),
    prepare(next) {
      const prepared = openRunning(next, options, running);
      return () => {
        const before = running;
        running = prepared;
        holder.reconfigure(next);
        lags.reconfigure(next);
        ownWrites.reconfigure(next);
        before.retire();
      };
    },
    closeTunnels() {
      for (const lane of [...running.lanes.values(), ...retired]) lane.upgrader.close();
    },
    async close() {
      eventLoop.stop();
      status.close();
      ownWrites.close();
      await Promise.all([kill.stop(), lags.stop(), holder.stop()]);
      for (const lane of [...running.lanes.values(), ...retired]) {
        lane.guards.close();
        lane.upgrader.close();
      }
      running.identity?.close();
      identities.close();
      await running.shadowing.close();
      await spans?.close();
      await Promise.all([...running.lanes.values()].map(({ forwarder }) => forwarder.close()));
    },
  };
}
