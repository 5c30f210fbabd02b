import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config, SnapshotSource } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import { amendAnswer, isAmended } from './amend-answer.ts';
import { answer } from './answer.ts';
import { takeAuthority } from './authority.ts';
import { clientAddress, peerOf, type Trust } from './client-address.ts';
import { decideRequest } from './decide-request.ts';
import { openDoubts } from './doubts.ts';
import { hasBody } from './forwarding/forwarder.ts';
import { framingFault } from './framing.ts';
import { countInFlight } from './in-flight.ts';
import { latchesOf, openKill } from './kill/open-kill.ts';
import { laneKey, type Lane } from './lane.ts';
import { mayBring } from './limits/body-size.ts';
import { gatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { answerItself, answerUpgradeItself } from './own-answer.ts';
import type { Guards } from './protection/open-guards.ts';
import { refuseRequest, refuseUpgrade } from './refusal.ts';
import { openRunning, type Running } from './running.ts';
import { shadowMetrics } from './shadow/shadow-metrics.ts';
import type { Shadowing } from './shadow/shadowing.ts';
import { snapshotCopy } from './snapshot/copy.ts';
import { openHolder, type Holder } from './snapshot/holder.ts';

export interface GatewayOptions {
  readonly config: Config;
  /** Where the stages come from. */
  readonly source: SnapshotSource;
  /** How the gateway is named among the gateways. */
  readonly name: string;
  readonly log: Log;
}

/** A gateway without a port: what the server of its own and the Express middleware have in common. */
export interface OpenGateway {
  readonly holder: Holder;
  readonly metrics: GatewayMetrics;
  guards(): Guards;
  /** What the ops port serves besides health and metrics, by path: the kill switch. */
  readonly opsHandlers: Readonly<Record<string, RequestListener>>;
  shadowing(): Shadowing;
  /** Decides and answers. With `toMonolith`, what is the monolith's is handed to it instead of being forwarded. */
  handle(request: IncomingMessage, response: ServerResponse, toMonolith?: (error?: Error) => void): void;
  /** Decides and tunnels a WebSocket upgrade. With `toMonolith`, as above. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, toMonolith?: () => void): void;
  /** The resolved client address of a request: behind trusted proxies, whom they name. */
  clientAddress(request: IncomingMessage): string;
  /** Whose word on where a request comes from is taken. */
  trust(): Trust;
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

export async function openGateway({ config, source, name, log }: GatewayOptions): Promise<OpenGateway> {
  const inFlight = countInFlight();
  const copy = snapshotCopy(config.gateway.stateDir, name);
  const latches = await latchesOf({ config, name, log });
  const holder = await openHolder({
    ...{ config, source, copy, latches, name, log },
    writesInFlight: inFlight.writes,
  });
  const metrics = gatewayMetrics({
    revision: () => holder.current().revision,
    inFlight: inFlight.total,
    upstreams: () => running.answering.guards.states(),
  });
  const kill = await openKill({ config, source, name, log, latches, holder, metrics });
  /** Lanes with WebSockets that the configuration has no more. */
  const retired = new Set<Lane>();
  const onClosed = (lane: Lane) => void (lane.upgrader.tunnels() > 0 && retired.add(lane));
  const options = { name, metrics, log, inFlight, onClosed };
  let running: Running;
  try {
    running = openRunning(config, options);
  } catch (error) {
    await Promise.all([kill.stop(), holder.stop()]);
    throw error;
  }
  shadowMetrics(metrics.registry, () => running.shadowing.state());
  const tellDoubt = openDoubts({ metrics, log });

  /** Whether the client came over TLS, as far as a trusted proxy in front tells. */
  const isSecure = ({ socket, headers }: IncomingMessage): boolean => {
    const { secure, trusted } = peerOf(running.trust, socket);
    return secure || (trusted && headers['x-forwarded-proto'] === 'https');
  };

  return {
    holder,
    metrics,
    guards: () => running.answering.guards,
    opsHandlers: kill.handlers,
    shadowing: () => running.shadowing,
    handle(request, response, toMonolith) {
      const { config: written, trust, answering } = running;
      const { limits } = written.gateway;
      if (!toMonolith && refuseRequest(answering, request, response, limits.fields)) return;
      const snapshot = holder.current();
      const decision = decideRequest(snapshot, request, { trust, tellDoubt });
      if (isAmended(decision)) amendAnswer(decision, request, response, isSecure(request));
      if (toMonolith && (decision.upstream === snapshot.monolith || framingFault(request)))
        return toMonolith();
      if (decision.answer) return answerItself(metrics, decision, decision.answer, request, response);
      if (toMonolith && hasBody(request) && request.readableEnded)
        return toMonolith(
          new Error(
            `can't forward ${request.method} to '${decision.upstream}': its body has been read; mount the gateway before whatever reads bodies`,
          ),
        );
      const maxBody = decision.maxBody ?? limits.maxBody;
      if (maxBody !== undefined && !mayBring(answering, request, response, maxBody)) return;
      if (decision.authority !== undefined) takeAuthority(request, decision.authority);
      void answer(answering, snapshot, decision, request, response, toMonolith);
    },
    upgrade(request, socket, head, toMonolith) {
      const { config: written, trust, answering, lanes } = running;
      const { limits } = written.gateway;
      if (!toMonolith && refuseUpgrade(answering, request, socket, limits.fields)) return;
      const snapshot = holder.current();
      const decision = decideRequest(snapshot, request, { trust, tellDoubt });
      if (toMonolith && (decision.upstream === snapshot.monolith || framingFault(request)))
        return toMonolith();
      if (decision.answer) return answerUpgradeItself(metrics, decision, decision.answer, socket);
      if (decision.authority !== undefined) takeAuthority(request, decision.authority);
      metrics.upgraded(decision.upstream);
      lanes.get(decision.upstream)!.upgrader.upgrade(request, socket, head, decision.path, decision.edits);
    },
    trust: () => running.trust,
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
        before.retire();
      };
    },
    closeTunnels() {
      for (const lane of [...running.lanes.values(), ...retired]) lane.upgrader.close();
    },
    async close() {
      await Promise.all([kill.stop(), holder.stop()]);
      for (const lane of [...running.lanes.values(), ...retired]) {
        lane.guards.close();
        lane.upgrader.close();
      }
      await running.shadowing.close();
      await Promise.all([...running.lanes.values()].map(({ forwarder }) => forwarder.close()));
    },
  };
}
