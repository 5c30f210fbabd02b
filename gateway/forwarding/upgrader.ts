import { Agent as TlsAgent } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { upgradeFields } from './fields.ts';
import type { UpstreamOptions } from './forwarder.ts';

/** Carries WebSocket upgrades to one upstream. */
export interface Upgrader {
  /** Sends the upgrade on with this request target. On failure the client gets 502 or 504 and `onFailure` the cause. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer, path: string): void;
  close(): void;
}

/** `onFailure` is told of upgrades that didn't come about and of tunnels that broke. */
export function openUpgrader(
  { url, timeout }: UpstreamOptions,
  onFailure: (request: IncomingMessage, failure: { late: boolean; open: boolean; cause: Error }) => void,
): Upgrader {
  const { hostname, protocol } = new URL(url);
  const agent = protocol === 'https:' ? new TlsAgent({ servername: hostname }) : undefined;
  const sockets = new Set<{ destroy(): unknown }>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const proxy = createProxyMiddleware({
    target: url,
    ...(agent ? { agent } : {}),
    ...(timeout === undefined ? {} : { upgradeTimeout: timeout }),
    on: {
      // Here both ends are known. Either end's close takes the other with it: a pipe alone would leave it open.
      proxyReqWs: (outgoing, _request, socket) => {
        keep(socket);
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
        const open = socket.bytesWritten > 0;
        const late = (cause as { code?: string }).code === 'ERR_UPSTREAM_UPGRADE_TIMEOUT';
        onFailure(request, { late, open, cause });
        if (open || !socket.writable) socket.destroy();
        else socket.end(plainAnswer(late ? '504 Gateway Timeout' : '502 Bad Gateway'));
      },
    },
  });
  return {
    upgrade(request, socket, head, path) {
      request.url = path;
      request.headers = upgradeFields(request);
      proxy.upgrade(request, socket, head);
    },
    close() {
      for (const socket of sockets) socket.destroy();
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

function plainAnswer(status: string): string {
  const body = `${status}\n`;
  return `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}
