import { Agent as TlsAgent } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { plainAnswer } from '../plain-answer.ts';
import type { RouteEdits } from '../../contexts/index.ts';
import { upgradeAnswerFields, upgradeFields } from './fields.ts';
import type { Failure, UpstreamOptions } from './forwarder.ts';
import { originOf } from './origin.ts';

/** Carries WebSocket upgrades to one upstream. */
export interface Upgrader {
  /** Sends the upgrade on with this request target. On failure the client gets 502 or 504 and `onFailure` the cause. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, path: string, edits?: RouteEdits): void;
  /** Ends of WebSockets that are open or on their way. */
  tunnels(): number;
  close(): void;
}

/** Why an upgrade didn't come about or, when it is `open`, why its tunnel broke. */
export interface UpgradeFailure extends Pick<Failure, 'side' | 'late' | 'cause'> {
  readonly open: boolean;
}

/** `onFailure` is told at most once of each upgrade. */
export function openUpgrader(
  { timeout, rules, answers, ...where }: UpstreamOptions,
  onFailure: (request: IncomingMessage, failure: UpgradeFailure) => void,
): Upgrader {
  const { url, secure, socketPath, tls } = originOf(where);
  const agent = secure ? new TlsAgent(tls) : undefined;
  const sockets = new Set<{ destroy(): unknown }>();
  const told = new WeakSet<object>();
  /** Bytes that a connection had carried to its client before it was upgraded. */
  const before = new WeakMap<object, number>();
  /** What clients asked with, which goes on as something else. */
  const asked = new WeakMap<object, { headers: IncomingMessage['headers']; edits: RouteEdits | undefined }>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const proxy = createProxyMiddleware({
    target: socketPath === undefined ? url : { protocol: 'http:', host: 'localhost', port: 80, socketPath },
    ...(agent ? { agent } : {}),
    ...(timeout === undefined ? {} : { upgradeTimeout: timeout }),
    on: {
      // Here both ends are known. Either end's close takes the other with it: a pipe alone would leave it open.
      proxyReqWs: (outgoing, request, socket) => {
        // httpxy puts a slash before a target that is no path.
        outgoing.path = request.url!;
        keep(socket);
        if (socket.destroyed) return void outgoing.destroy();
        const { headers, edits } = asked.get(request)!;
        const amend = (answer: IncomingMessage) => {
          answer.headers = upgradeAnswerFields(answer, headers, answers, edits);
        };
        outgoing.once('response', amend).once('upgrade', amend);
        socket.once('close', () => outgoing.destroy());
        const stopWatching = watchEnd(socket);
        outgoing.once('upgrade', (_answer, other: Socket) => {
          stopWatching();
          keep(other);
          socket.once('close', () => other.destroy());
          other.once('close', () => socket.destroySoon());
        });
      },
      error: (cause, request, socket) => {
        if (!('bytesWritten' in socket)) return;
        // The end of one side ends the other, which may report it once more.
        if (told.has(socket)) return;
        told.add(socket);
        const open = socket.bytesWritten > before.get(socket)!;
        const late = (cause as { code?: string }).code === 'ERR_UPSTREAM_UPGRADE_TIMEOUT';
        const side = socket.destroyed || socket.errored || socket.readableEnded ? 'client' : 'upstream';
        onFailure(request, { side, late, open, cause });
        if (open || !socket.writable) socket.destroy();
        else socket.end(plainAnswer(late ? 504 : 502));
      },
    },
  });
  return {
    upgrade(request, socket, head, path, edits) {
      before.set(socket, socket.bytesWritten);
      request.url = path;
      asked.set(request, { headers: request.headers, edits });
      request.headers = upgradeFields(request, rules, edits?.request);
      proxy.upgrade(request, socket, head);
    },
    tunnels: () => sockets.size,
    close() {
      for (const socket of sockets) {
        told.add(socket);
        socket.destroy();
      }
      agent?.destroy();
    },
  };
}

/** Nobody reads the client's socket while it waits for the upstream; without this its going away would go unseen. */
function watchEnd(socket: Socket): () => void {
  const look = () => void socket.read(0);
  const end = () => socket.destroy();
  socket.on('readable', look).once('end', end);
  return () => socket.off('readable', look).off('end', end);
}
