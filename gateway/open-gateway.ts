import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { decide, protectionOf, type Config, type SnapshotSource } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import { amendAnswer, isAmended } from './amend-answer.ts';
import { answer } from './answer.ts';
import { clientAddress, peerOf, trustIn, type Trust } from './client-address.ts';
import { hostFor } from './forwarding/answer-rules.ts';
import { hasBody } from './forwarding/forwarder.ts';
import { openUpgrader, type Upgrader } from './forwarding/upgrader.ts';
import { openUpstreams } from './forwarding/upstreams.ts';
import { framingFault } from './framing.ts';
import { countInFlight } from './in-flight.ts';
import { latchesOf, openKill } from './kill/open-kill.ts';
import { mayBring } from './limits/body-size.ts';
import { gatewayMetrics, type GatewayMetrics } from './metrics.ts';
import { answerItself, answerUpgradeItself } from './own-answer.ts';
import { openGuards, type Guards } from './protection/open-guards.ts';
import { refuseRequest, refuseUpgrade } from './refusal.ts';
import { stripPin } from './strip-pin.ts';
import { openShadowing, type Shadowing } from './shadow/shadowing.ts';
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
  readonly guards: Guards;
  /** What the ops port serves besides health and metrics, by path: the kill switch. */
  readonly opsHandlers: Readonly<Record<string, RequestListener>>;
  readonly shadowing: Shadowing;
  /** Decides and answers. With `toMonolith`, what is the monolith's is handed to it instead of being forwarded. */
  handle(request: IncomingMessage, response: ServerResponse, toMonolith?: (error?: Error) => void): void;
  /** Decides and tunnels a WebSocket upgrade. With `toMonolith`, as above. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, toMonolith?: () => void): void;
  /** The resolved client address of a request: behind trusted proxies, whom they name. */
  clientAddress(request: IncomingMessage): string;
  /** Whose word on where a request comes from is taken. */
  readonly trust: Trust;
  /** Requests under way. */
  underWay(): number;
  /** Ends all WebSockets. */
  closeTunnels(): void;
  /** Ends everything that is left. */
  close(): Promise<void>;
}

export async function openGateway({ config, source, name, log }: GatewayOptions): Promise<OpenGateway> {
  const inFlight = countInFlight();
  const trust = trustIn(config.gateway.trustedProxies);
  const { limits } = config.gateway;
  const copy = snapshotCopy(config.gateway.stateDir, name);
  const latches = await latchesOf({ config, name, log });
  const holder = await openHolder({
    ...{ config, source, copy, latches, name, log },
    writesInFlight: inFlight.writes,
  });
  const guards = openGuards(config, log);
  const metrics = gatewayMetrics({
    revision: () => holder.current().revision,
    inFlight: inFlight.total,
    upstreams: guards.states,
  });
  const kill = await openKill({ config, source, name, log, latches, holder, metrics });
  const upstreams = openUpstreams(config, trust, (upstream) => {
    const again = guards.get(upstream)?.mayRetry() ?? true;
    if (again) metrics.retried(upstream);
    return again;
  });
  const upgraders = new Map<string, Upgrader>();
  for (const [upstream, written] of Object.entries(config.upstreams)) {
    const { timeout } = protectionOf(written, upstream === config.monolith);
    const { url, tls } = written;
    const rules = { trust, host: hostFor(written) };
    const upgrader = openUpgrader({ url, tls, timeout, rules }, (request, { side, late, open, cause }) => {
      const phase = open ? 'body' : 'head';
      metrics.failed(upstream, { side, phase });
      const what =
        side === 'client'
          ? 'the client went away'
          : open
            ? 'a WebSocket broke'
            : late
              ? 'the upstream is too slow'
              : 'the upstream failed';
      log.warn({ upstream, side, phase, method: request.method, err: cause }, what);
    });
    upgraders.set(upstream, upgrader);
  }
  const shadowing = openShadowing(config, { registry: metrics.registry, name, log, trust });
  const answering = {
    upstreams,
    guards,
    metrics,
    inFlight,
    log,
    serverTiming: config.gateway.serverTiming,
    shadowing,
  };

  /** Whether the client came over TLS, as far as a trusted proxy in front tells. */
  const isSecure = ({ socket, headers }: IncomingMessage): boolean => {
    const { secure, trusted } = peerOf(trust, socket);
    return secure || (trusted && headers['x-forwarded-proto'] === 'https');
  };

  return {
    holder,
    metrics,
    guards,
    opsHandlers: kill.handlers,
    shadowing,
    handle(request, response, toMonolith) {
      if (!toMonolith && refuseRequest(answering, request, response, limits.fields)) return;
      const snapshot = holder.current();
      const { method, url, headers } = request;
      const address = snapshot.asksAddress ? clientAddress(trust, request) : undefined;
      const now = snapshot.asksTime ? Date.now() : undefined;
      const decision = decide(snapshot, { method: method!, target: url!, headers, address, now });
      if (snapshot.overrides) stripPin(request, snapshot.overrides);
      if (isAmended(decision)) amendAnswer(decision, request, response, isSecure(request));
      if (toMonolith && (decision.upstream === snapshot.monolith || framingFault(request)))
        return toMonolith();
      if (decision.answer) return answerItself(metrics, decision, decision.answer, request, response);
      if (toMonolith && hasBody(request) && request.readableEnded)
        return toMonolith(
          new Error(
            `can't forward ${method} to '${decision.upstream}': its body has been read; mount the gateway before whatever reads bodies`,
          ),
        );
      const maxBody = decision.maxBody ?? limits.maxBody;
      if (maxBody !== undefined && !mayBring(answering, request, response, maxBody)) return;
      void answer(answering, snapshot, decision, request, response, toMonolith);
    },
    upgrade(request, socket, head, toMonolith) {
      if (!toMonolith && refuseUpgrade(answering, request, socket, limits.fields)) return;
      const snapshot = holder.current();
      const { method, url, headers } = request;
      const address = snapshot.asksAddress ? clientAddress(trust, request) : undefined;
      const now = snapshot.asksTime ? Date.now() : undefined;
      const decision = decide(snapshot, { method: method!, target: url!, headers, address, now });
      if (snapshot.overrides) stripPin(request, snapshot.overrides);
      if (toMonolith && (decision.upstream === snapshot.monolith || framingFault(request)))
        return toMonolith();
      if (decision.answer) return answerUpgradeItself(metrics, decision, decision.answer, socket);
      metrics.upgraded(decision.upstream);
      upgraders
        .get(decision.upstream)!
        .upgrade(request, socket, head, decision.path, decision.edits?.request);
    },
    trust,
    clientAddress: (request) => clientAddress(trust, request),
    underWay: inFlight.total,
    closeTunnels() {
      for (const upgrader of upgraders.values()) upgrader.close();
    },
    async close() {
      await Promise.all([kill.stop(), holder.stop()]);
      guards.close();
      await shadowing.close();
      for (const upgrader of upgraders.values()) upgrader.close();
      await Promise.all([...upstreams.values()].map((forwarder) => forwarder.close()));
    },
  };
}
