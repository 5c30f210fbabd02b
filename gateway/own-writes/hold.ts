import type { ServerResponse } from 'node:http';

/**
 * Keeps what is written of an answer from its client until `ready`, which takes milliseconds: the bytes wait in the socket.
 * Node uncorks a socket at the end of every answer, and whoever closes it does, too; so both wait.
 */
export function holdUntil(response: ServerResponse, ready: Promise<unknown>): void {
  const { socket } = response;
  if (!socket) return;
  let closing = false;
  socket.cork();
  socket.uncork = () => {};
  socket.destroySoon = () => void (closing = true);
  void ready.finally(() => {
    // What stands in the prototype is in force again.
    delete (socket as { uncork?: unknown }).uncork;
    delete (socket as { destroySoon?: unknown }).destroySoon;
    while (socket.writableCorked > 0) socket.uncork();
    if (closing) socket.destroySoon();
  });
}
