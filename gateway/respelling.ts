import { METHODS, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A request as the client spelled it, and in a spelling that Node's parser takes. */
export interface Respelling {
  readonly method: string;
  readonly target: string;
  /** The head with another method and target, and everything else untouched. */
  readonly head: string;
}

/** Method, target, version, fields: a whole head, and nothing before or after it. */
const HEAD = /^([!#$%&'*+.^_`|~\w-]+) ([\x21-\x7e\x80-\xff]+) (HTTP\/1\.[01]\r\n(?:[^\r\n]+\r\n)*\r\n)$/;
/** With these the request doesn't end with its head, or is more than a request. */
const MORE = /\r\n(?:content-length|transfer-encoding|expect|upgrade)[ \t]*:/i;

/**
 * Node's parser takes no target with a raw byte above 0x7F and no method that it has no number for. Where such a
 * request is whole in one packet and has no body, only its first line is spelled anew: the parser then reads every
 * field as strictly as ever. Undefined otherwise.
 */
export function respell(
  { code, rawPacket }: { code?: string | undefined; rawPacket?: Buffer | undefined },
  bytesRead: number,
): Respelling | undefined {
  // A method may have begun in an earlier packet; a target can't, since what comes before it is in this one.
  const first = rawPacket?.length === bytesRead;
  if (code !== 'HPE_INVALID_URL' && !(code === 'HPE_INVALID_METHOD' && first)) return undefined;
  const text = rawPacket!.toString('latin1');
  const [, method, target, rest] = HEAD.exec(text) ?? [];
  if (!method || !target || !rest || method === 'CONNECT' || MORE.test(`\r\n${rest}`)) return undefined;
  return { method, target, head: `${METHODS.includes(method) ? method : 'GET'} / ${rest}` };
}

const originals = new WeakMap<object, Respelling>();

/** A connection on which the respelled head arrives, and what is written to it goes to the client. */
export function respelled(socket: Socket, respelling: Respelling): Duplex {
  const connection = new Duplex({
    read() {},
    write: (chunk: Buffer, encoding, callback) => void socket.write(chunk, encoding, callback),
    final: (callback) => void socket.end(callback),
    destroy(error, callback) {
      socket.destroySoon();
      callback(error);
    },
  });
  socket.once('close', () => connection.destroy());
  const { remoteAddress, encrypted } = socket as Socket & { encrypted?: true };
  Object.assign(connection, { remoteAddress, encrypted, server: undefined });
  originals.set(connection, respelling);
  connection.push(respelling.head, 'latin1');
  return connection;
}

/** Gives a request that came over such a connection its own method and target back; it is the connection's only one. */
export function restoreSpelling(request: IncomingMessage, response: { shouldKeepAlive: boolean }): void {
  const original = originals.get(request.socket);
  if (!original) return;
  request.method = original.method;
  request.url = original.target;
  response.shouldKeepAlive = false;
}

/** The first line of such a connection's request as the client spelled it. */
export function spelledBefore(connection: object): string | undefined {
  const original = originals.get(connection);
  return original && `${original.method} ${original.target}`;
}
