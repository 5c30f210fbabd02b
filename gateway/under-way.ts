import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

const LAST = Symbol('the last exchange of a connection');

interface Carrying {
  [LAST]?: ServerResponse;
}

/** What a pipelined answer waits for. */
const ahead = new WeakMap<ServerResponse, ServerResponse>();

/** Remembers each connection's last exchange. Before any listener that asks for it. */
export function rememberUnderWay(server: Server): void {
  const remember = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const { [LAST]: before } = socket as Carrying;
    (socket as Carrying)[LAST] = response;
    // Pipelined: it has no connection before those ahead of it are answered.
    if (response.socket || !before) return;
    ahead.set(response, before);
    response.once('socket', () => ahead.delete(response));
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation'])
    server.prependListener(event, remember);
}

/** The answer to this connection's last request, which may be finished. */
export function lastExchange(socket: Socket): ServerResponse | undefined {
  return (socket as Carrying)[LAST];
}

/** The answer whose turn it is on this connection; it may be finished. */
export function currentExchange(socket: Socket): ServerResponse | undefined {
  let current = lastExchange(socket);
  for (let before = current && ahead.get(current); before; before = ahead.get(before)) current = before;
  return current;
}

/** The event with which node:http takes a connection: with TLS it is there only after the handshake. */
export function connectionEvent(server: Server): 'connection' | 'secureConnection' {
  return server instanceof TlsServer ? 'secureConnection' : 'connection';
}
