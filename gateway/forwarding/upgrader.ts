import { Agent as TlsAgent } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { RouteEdits } from '../../contexts/index.ts';
import { upgradeAnswerFields, upgradeFields } from './fields.ts';
import type { ExchangeTimes, Failure, Outcome, UpstreamOptions } from './forwarder.ts';
import { openHandshake, sideOf, type Handshake } from './handshake.ts';
import { originOf } from './origin.ts';

/** One WebSocket upgrade on its way to an upstream. */
export interface UpgradeExchange {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What the client has sent behind the request. */
  readonly head: Buffer;
  /** The request target for the upstream. */
  readonly path: string;
  /** Fields that the answer gets besides the upstream's, as a raw list. */
  readonly added?: readonly string[] | undefined;
  /** What the route changes in both messages. */
  readonly edits?: RouteEdits | undefined;
  /** As for any exchange. */
  readonly times?: ExchangeTimes | undefined;
}

/** Carries WebSocket upgrades to one upstream. */
export interface Upgrader {
  /**
   * Sends the upgrade on, once, and carries what comes of it. Resolves as soon as the upstream's answer, whatever it
   * is, goes to the client; the tunnel may then stay open for days. When there is none, nothing has been written to
   * the client, request and connection are as they were, and the caller answers. Never rejects; doesn't resolve when
   * the upgrader is closed before.
   */
  upgrade(exchange: UpgradeExchange): Promise<Outcome>;
  /** Ends of WebSockets that are open or on their way. */
  tunnels(): number;
  close(): void;
}

/** Why an answer that had begun broke off, most often that of an open tunnel. */
export type Break = Pick<Failure, 'side' | 'cause'>;

interface UnderWay extends UpgradeExchange {
  readonly handshake: Handshake;
  /** Nobody need hear of what happens to it from now on. */
  told: boolean;
}

const NOTHING = Buffer.alloc(0);

/** `onBreak` is told at most once of each upgrade. */
export function openUpgrader(
  { timeout, connectTimeout, rules, answers, ...where }: UpstreamOptions,
  onBreak: (request: IncomingMessage, broken: Break) => void,
): Upgrader {
  const { url, secure, socketPath, tls } = originOf(where);
  const agent = secure ? new TlsAgent(tls) : undefined;
  const sockets = new Map<Socket, UnderWay>();
  /** By the request as it goes on. */
  const underWay = new WeakMap<object, UnderWay>();
  const keep = (socket: Socket, upgrade: UnderWay) => {
    sockets.set(socket, upgrade);
    socket.once('close', () => sockets.delete(socket));
  };
  const proxy = createProxyMiddleware({
    target: socketPath === undefined ? url : { protocol: 'http:', host: 'localhost', port: 80, socketPath },
    ...(agent ? { agent } : {}),
    on: {
      // Here both ends are known. Either end's close takes the other with it: a pipe alone would leave it open.
      proxyReqWs: (outgoing, request, socket) => {
        const upgrade = underWay.get(request)!;
        const { handshake, head, edits, added } = upgrade;
        // httpxy puts a slash before a target that is no path.
        outgoing.path = request.url!;
        if (socket.destroyed) return void outgoing.destroy();
        handshake.watch(outgoing);
        const amend = (answer: IncomingMessage) => {
          try {
            answer.headers = upgradeAnswerFields(answer, upgrade.request.headers, answers, edits, added);
            handshake.answered(answer.statusCode!);
          } catch (cause) {
            upgrade.told = true;
            handshake.failed(cause as Error);
            outgoing.destroy();
          }
        };
        outgoing.once('response', amend).once('upgrade', amend);
        outgoing.once('upgrade', (_answer, other: Socket) => {
          if (head.length > 0) socket.unshift(head);
          keep(other, upgrade);
          socket.once('close', () => other.destroy());
          other.once('close', () => socket.destroySoon());
        });
      },
      error: (cause, request) => {
        const upgrade = underWay.get(request);
        // The end of one side ends the other, which may report it once more.
        if (!upgrade || upgrade.told) return;
        upgrade.told = true;
        if (!upgrade.handshake.isOver()) return upgrade.handshake.failed(cause);
        onBreak(upgrade.request, { side: sideOf(upgrade.socket), cause });
        upgrade.socket.destroy();
      },
    },
  });
  return {
    async upgrade(exchange) {
      const { request, socket, path, edits, times } = exchange;
      // Another one in front of the client's, which stays as it is.
      const sent = Object.create(request, {
        url: { value: path },
        headers: { value: upgradeFields(request, rules, edits?.request) },
      }) as IncomingMessage;
      const handshake = openHandshake(socket, { timeout, connectTimeout, times });
      const upgrade = { ...exchange, handshake, told: false };
      underWay.set(sent, upgrade);
      keep(socket, upgrade);
      proxy.upgrade(sent, socket, NOTHING);
      const outcome = await handshake.outcome;
      if (!outcome.ok) sockets.delete(socket);
      return outcome;
    },
    tunnels: () => sockets.size,
    close() {
      for (const [socket, upgrade] of sockets) {
        upgrade.told = true;
        if (!upgrade.handshake.isOver()) upgrade.handshake.abandon();
        socket.destroy();
      }
      agent?.destroy();
    },
  };
}
