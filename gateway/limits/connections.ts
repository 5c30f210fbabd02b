import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress, peerOf, type Trust } from '../client-address.ts';
import { closeSoon } from '../linger.ts';
import { plainAnswer } from '../plain-answer.ts';
import { answerAndClose, tellRefusal, type Telling } from '../refusal.ts';
import { connectionEvent } from '../under-way.ts';
import { clientKey } from './client-key.ts';

export interface ConnectionLimit extends Telling {
  /** Most connections of a client; undefined: no limit. */
  readonly most: () => number | undefined;
  /** Whose word on where a request comes from is taken: connections of these proxies are many clients'. */
  readonly trust: () => Trust;
}

/** Each answers a request of a proxy's client that has too many under way, and says whether it did. */
export interface ConnectionCounts {
  refuse(request: IncomingMessage, response: ServerResponse): boolean;
  refuseUpgrade(request: IncomingMessage, socket: Socket): boolean;
}

/** Seconds after which a refused client may try again. */
const RETRY_AFTER = { 'retry-after': '1' };

/**
 * Counts the connections of each client's address, and answers the first bytes of one too many with 429. Connections of
 * trusted proxies carry many clients' requests: there the requests under way are counted, by the address that the
 * proxy names.
 */
export function limitConnections(
  server: Server,
  { most, trust, ...telling }: ConnectionLimit,
): ConnectionCounts {
  const connections = new Map<string, number>();
  const requests = new Map<string, number>();
  const tell = (client: string, what: string, request?: IncomingMessage) =>
    tellRefusal(
      telling,
      { status: 429, limit: 'connections', client, reason: `the client has ${most()} ${what} already` },
      request,
    );
  const begins = (request: IncomingMessage, exchange: EventEmitter): boolean => {
    const limit = most();
    if (limit === undefined || !peerOf(trust(), request.socket).trusted) return true;
    const client = clientAddress(trust(), request);
    const key = clientKey(client);
    if ((requests.get(key) ?? 0) >= limit) {
      tell(client, 'requests under way', request);
      return false;
    }
    count(requests, key, 1);
    exchange.once('close', () => count(requests, key, -1));
    return true;
  };

  // What node:http does with a connection, which is for those alone that are taken.
  const event = connectionEvent(server);
  const [serve] = server.listeners(event) as ((socket: Socket) => void)[];
  server.off(event, serve!);
  // With TLS the handshake comes in between: the connection is another object then.
  const refused = new Set<string>();
  server.prependListener('connection', (socket: Socket) => {
    // A request in another spelling comes over no connection of its own.
    if (socket.remotePort === undefined || peerOf(trust(), socket).trusted) return;
    const key = clientKey(socket.remoteAddress);
    count(connections, key, 1);
    const name = nameOf(socket);
    if (connections.get(key)! > (most() ?? Infinity)) refused.add(name);
    socket.once('close', () => {
      count(connections, key, -1);
      refused.delete(name);
    });
  });
  server.on(event, (socket: Socket) => {
    if (refused.size === 0 || !refused.has(nameOf(socket))) return serve!.call(server, socket);
    tell(socket.remoteAddress ?? 'unknown', 'connections');
    socket.on('error', () => {}).resume();
    closeSoon(socket, plainAnswer(429, RETRY_AFTER));
  });

  return {
    refuse(request, response) {
      if (begins(request, response)) return false;
      answerAndClose(request, response, 429, RETRY_AFTER);
      return true;
    },
    refuseUpgrade(request, socket) {
      if (begins(request, socket)) return false;
      socket.end(plainAnswer(429, RETRY_AFTER));
      return true;
    },
  };
}

const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

function count(counts: Map<string, number>, key: string, step: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + step;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
