import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';

/** Lets a server's clients go without breaking a request off. */
export interface Drain {
  /** For `createServer`: answers that say `Connection: close` once the server is being drained. */
  readonly ServerResponse: typeof ServerResponse<IncomingMessage>;
  /** Before the server listens. */
  watch(server: Server): void;
  /** Why the process is not ready, undefined until the draining begins. */
  stopping(): string | undefined;
  /** Resolves when every connection is closed, after `grace` milliseconds at the latest. */
  run(server: Server, options: DrainOptions): Promise<void>;
}

export interface DrainOptions {
  /** Milliseconds in which clients may still come, and are told to go. */
  readonly notice: number;
  /** Milliseconds for everything. */
  readonly grace: number;
  /** Called when the port is closed. */
  readonly onClosed: () => void;
  readonly underWay: () => number;
  readonly log: Log;
}

/** Milliseconds from the closing of the port to that of idle connections. */
const LAST_CALL = 100;
/** Milliseconds between two looks for connections that have become idle. */
const SWEEP = 50;

export function openDrain(): Drain {
  let draining = false;
  const sockets = new Set<Socket>();
  class LastResponse extends ServerResponse {
    override writeHead(status: number, ...rest: never[]): this {
      if (draining) this.shouldKeepAlive = false;
      return super.writeHead(status, ...rest);
    }
  }
  return {
    ServerResponse: LastResponse,
    stopping: () => (draining ? 'the gateway stops' : undefined),
    watch(server) {
      const add = (socket: Socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      };
      // With TLS both are there: what has been read of a request is known of the second.
      server.on('connection', add).on('secureConnection', add);
    },
    async run(server, { notice, grace, onClosed, underWay, log }) {
      draining = true;
      const end = performance.now() + grace;
      if (sockets.size > 0) await wait(Math.min(notice, grace));
      const ended = new AbortController();
      // Not the close of node:http, which also closes connections that are idle at this moment: a request may be on
      // its way on each of them.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      void closed.then(() => ended.abort());
      onClosed();
      await wait(Math.min(LAST_CALL, end - performance.now()), ended.signal);
      server.close();
      const sweep = setInterval(() => closeIdle(server, sockets), SWEEP);
      await wait(Math.max(0, end - performance.now()), ended.signal);
      clearInterval(sweep);
      if (underWay() > 0)
        log.warn({ requests: underWay(), grace }, 'the grace is over: requests are cut off');
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Also those that have never carried anything, which node:http takes for busy. */
function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  server.closeIdleConnections();
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
}
