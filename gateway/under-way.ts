import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

const LAST = Symbol('the last exchange of a connection');

interface Carrying {
  [LAST]?: ServerResponse;
}

/** Remembers each connection's last exchange. Before any listener that asks for it. */
export function rememberUnderWay(server: Server): void {
  const remember = ({ socket }: IncomingMessage, response: ServerResponse) => {
    (socket as Carrying)[LAST] = response;
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation'])
    server.prependListener(event, remember);
}

/** The answer to this connection's last request, which may be finished. */
export function lastExchange(socket: Socket): ServerResponse | undefined {
  return (socket as Carrying)[LAST];
}

/** The event with which node:http takes a connection: with TLS it is there only after the handshake. */
export function connectionEvent(server: Server): 'connection' | 'secureConnection' {
  return server instanceof TlsServer ? 'secureConnection' : 'connection';
}
