import type { Socket } from 'node:net';

/** Milliseconds that a client that was refused has to read its answer and to close. */
export const LINGER = 2_000;

/** Ends a connection so that its client can read what was written last. */
export function closeSoon(socket: Socket, last = ''): void {
  socket.end(last);
  const lingering = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(lingering));
}

/**
 * Has node:http end this connection like that after the answer that it is about to give. It would close it at once:
 * what the client still sends would then be answered by a reset, and that takes the answer from it (RFC 9112 §9.6).
 */
export function lingerAfterAnswer(socket: Socket): void {
  socket.destroySoon = () => closeSoon(socket);
}
