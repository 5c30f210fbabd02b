import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { wait } from '../../runtime/wait.ts';
import { isSameSite } from './same-site.ts';

/** Reads what one page watches, as it is now; undefined once it may be watched no more. */
export type Watch = () => Promise<object | undefined>;

export interface LiveOptions {
  /** Who answers: `x-served-by` of the answer to the upgrade, and `served_by` of each message. */
  readonly side: string;
  /** What an upgrade wants to watch, or the status that it is refused with. */
  readonly admit: (request: IncomingMessage) => Promise<Watch | number>;
}

export interface Live {
  /** Tells every page to go, and waits for a moment until they have. */
  close(): Promise<void>;
}

/** Milliseconds between two looks at what is watched. */
const LOOK = 150;
/** Milliseconds between two pings; a page that hasn't answered the last one is gone. */
const HEARTBEAT = 25_000;
/** Milliseconds that pages have for saying goodbye. */
const GOODBYE = 1_000;

// RFC 6455 §7.4.1.
const GOING_AWAY = 1001;
const NOT_ALLOWED = 1008;
const BROKEN = 1011;

/** Serves WebSockets beside a server's pages: each gets what it watches, whole, at once and whenever it has changed. */
export function serveLive(server: Server, { side, admit }: LiveOptions): Live {
  const sockets = new WebSocketServer({ noServer: true });
  const closing = new AbortController();
  sockets.on('headers', (lines) => lines.push(`x-served-by: ${side}`));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    void admitted(request).then((watch) => {
      if (typeof watch === 'number') return refuse(socket, watch, side);
      sockets.handleUpgrade(request, socket, head, (page) => void follow(page, watch));
    });
  });

  async function admitted(request: IncomingMessage): Promise<Watch | number> {
    if (closing.signal.aborted) return 503;
    if (!isSameSite(request)) return 403;
    return admit(request).catch(() => 500);
  }

  async function follow(page: WebSocket, watch: Watch): Promise<void> {
    page.on('error', () => {});
    const stop = watchPulse(page);
    const gone = AbortSignal.any([closing.signal, closed(page)]);
    let last = '';
    while (!gone.aborted) {
      const seen = await watch().catch(() => null);
      if (!seen) page.close(seen === null ? BROKEN : NOT_ALLOWED);
      const text = JSON.stringify({ served_by: side, ...seen });
      if (seen && text !== last) page.send((last = text));
      await wait(LOOK, gone);
    }
    stop();
  }

  return {
    async close() {
      closing.abort();
      const all = [...sockets.clients];
      for (const page of all) page.close(GOING_AWAY);
      await Promise.all(all.map((page) => wait(GOODBYE, closed(page))));
      for (const page of all) page.terminate();
    },
  };
}

function refuse(socket: Duplex, status: number, side: string): void {
  const fields = `x-served-by: ${side}\r\ncontent-length: 0\r\nconnection: close\r\n`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields}\r\n`);
}

function closed(page: WebSocket): AbortSignal {
  const ended = new AbortController();
  page.once('close', () => ended.abort());
  return ended.signal;
}

function watchPulse(page: WebSocket): () => void {
  let alive = true;
  page.on('pong', () => (alive = true));
  const timer = setInterval(() => {
    if (!alive) return page.terminate();
    alive = false;
    page.ping();
  }, HEARTBEAT);
  return () => clearInterval(timer);
}
