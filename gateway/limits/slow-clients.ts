import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../../contexts/index.ts';
import { hasBody, REFUSED, type Refusal } from '../forwarding/forwarder.ts';
import { sendQueue } from '../forwarding/send-queue.ts';
import { tellRefusal, type Telling } from '../refusal.ts';
import { connectionEvent, currentExchange } from '../under-way.ts';
import { measured, type Reading } from './pace.ts';

/** One connection and how its last exchange got on. */
interface Watched {
  exchange?: ServerResponse | undefined;
  sent?: Reading | undefined;
  taken?: Reading | undefined;
}

/** Milliseconds between two looks at all connections, at most. */
const LOOK = 5_000;

/**
 * Refuses clients that send a body too slowly (408) and lets go of those that don't take their answer, by one look at
 * all connections from time to time: no request has a timer of its own. Time in which the gateway itself doesn't read,
 * because the upstream takes no more, is not the client's. Returns what ends the looking.
 */
export function watchSlowClients(server: Server, limits: () => Limits, telling: Telling): () => void {
  const all = new Map<Socket, Watched>();
  server.on(connectionEvent(server), (socket: Socket) => {
    all.set(socket, {});
    socket.once('close', () => all.delete(socket));
  });
  let timer: NodeJS.Timeout;
  const again = () => {
    const { bodyTimeout = Infinity, readTimeout = Infinity } = limits();
    const pause = Math.min(LOOK, bodyTimeout / 4, readTimeout / 4);
    timer = setTimeout(() => {
      const now = performance.now();
      for (const [socket, watched] of all) look(socket, watched, now, limits(), telling);
      again();
    }, pause).unref();
  };
  again();
  return () => clearTimeout(timer);
}

function look(socket: Socket, watched: Watched, now: number, limits: Limits, telling: Telling): void {
  const exchange = currentExchange(socket);
  if (exchange !== watched.exchange) {
    watched.exchange = exchange;
    watched.sent = watched.taken = undefined;
  }
  if (!exchange || exchange.destroyed || socket.destroyed) return;
  if (awaitsBody(exchange)) lookAtBody(exchange, socket, watched, now, limits, telling);
  else watched.sent = undefined;
  if (exchange.headersSent && !exchange.writableFinished && socket.writableLength > 0)
    void lookAtReader(exchange, socket, watched, now, limits, telling);
  else watched.taken = undefined;
}

/** Whether more of the body is to come, and the client's next bytes would be read. */
function awaitsBody({ req: request }: ServerResponse): boolean {
  return !request.complete && hasBody(request) && request.readableLength < request.readableHighWaterMark;
}

function lookAtBody(
  exchange: ServerResponse,
  socket: Socket,
  watched: Watched,
  at: number,
  { bodyTimeout: within, bodyRate: rate }: Limits,
  telling: Telling,
): void {
  const reading = { at, bytes: socket.bytesRead };
  watched.sent = measured((watched.sent ??= reading), reading, { within, rate });
  if (watched.sent) return;
  const { req: request } = exchange;
  const reason = `its body came too slowly: fewer than ${rate} bytes a second in ${within} ms`;
  const refusal: Refusal = { status: 408, limit: 'body-timeout', reason };
  // Whoever carries the exchange ends it, and tells.
  if (!exchange.writableEnded && request.emit(REFUSED, refusal)) return;
  tellRefusal(telling, { ...refusal, method: request.method, client: socket.remoteAddress });
  socket.destroy();
}

/** What the kernel still holds of an answer has not been taken: a slow client's share of it moves on for minutes. */
async function lookAtReader(
  exchange: ServerResponse,
  socket: Socket,
  watched: Watched,
  at: number,
  { readTimeout: within, readRate: rate }: Limits,
  telling: Telling,
): Promise<void> {
  if (within === undefined) return;
  const handed = socket.bytesWritten - socket.writableLength;
  const pace = { within, rate };
  if (!watched.taken) {
    watched.taken = { at, bytes: handed - ((await sendQueue(socket)) ?? 0) };
    return;
  }
  const bytes = handed - ((await sendQueue(socket)) ?? 0);
  if (!watched.taken || watched.exchange !== exchange || socket.destroyed) return;
  watched.taken = measured(watched.taken, { at, bytes }, pace);
  if (watched.taken) return;
  const reason = `it took its answer too slowly: fewer than ${rate} bytes a second in ${within} ms`;
  const { method } = exchange.req;
  tellRefusal(telling, { limit: 'slow-reader', reason, method, client: socket.remoteAddress });
  socket.destroy();
}
