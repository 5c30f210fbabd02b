import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { lastExchange } from './under-way.ts';

/** Requests of one connection that may wait for their turn before the gateway reads no more of it. */
const WAITING = 16;

const waiting = new WeakMap<Socket, number>();

/**
 * Lets a pipelined request wait until those before it are answered. Node hands them out as it reads them; but what a
 * client sends after a write may rest on it, so that only safe requests might run beside each other (RFC 9112
 * §9.3.2). Not called where a connection carries one request at a time. A request whose connection ends before its
 * turn reaches nobody.
 */
export function awaitTurn(request: IncomingMessage, response: ServerResponse, then: () => void): void {
  const { socket } = request;
  const ahead = (waiting.get(socket) ?? 0) + 1;
  waiting.set(socket, ahead);
  if (ahead >= WAITING) socket.pause();
  response.once('socket', () => {
    waiting.set(socket, waiting.get(socket)! - 1);
    if (ahead >= WAITING) socket.resume();
    if (socket.writable) then();
  });
}

/** The same for an upgrade, which has no response that could wait. */
export function afterAnswers(socket: Socket, then: () => void): void {
  const before = lastExchange(socket);
  if (!before || before.writableFinished) return then();
  // Node has let go of the connection: nobody else would take its error.
  socket.on('error', () => socket.destroy());
  before.once('finish', () => void (socket.writable && then()));
}
