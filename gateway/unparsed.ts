import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { closeSoon } from './linger.ts';
import { plainAnswer } from './plain-answer.ts';
import { tellRefusal, type Limit, type Telling } from './refusal.ts';
import { respell, respelled, spelledBefore } from './respelling.ts';
import { connectionEvent, lastExchange } from './under-way.ts';

/** What Node's parser says, and the bytes that it says it of. */
type ParserError = NodeJS.ErrnoException & { reason?: string; rawPacket?: Buffer };

const LIMITS: Readonly<Record<string, { status: number; limit: Limit }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, limit: 'head-size' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, limit: 'body-size' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, limit: 'head-timeout' },
};
const MALFORMED = { status: 400, limit: 'malformed' } as const;

/**
 * Answers what Node's parser refuses: a target or a method that only the parser doesn't know as a request of this
 * server after all, anything else with 400, 408, 413 or 431, logged and counted.
 */
export function answerUnparsed(server: Server, telling: Telling): void {
  const done = new WeakSet<Socket>();
  const secured = new WeakSet<Socket>();
  const event = connectionEvent(server);
  if (event === 'secureConnection') server.prependListener(event, (socket) => secured.add(socket));
  server.on('clientError', (error: ParserError, stream) => {
    const socket = stream as Socket;
    if (done.has(socket)) return;
    done.add(socket);
    if (event === 'secureConnection' && !secured.has(socket)) return refuseHandshake(error, socket, telling);
    const response = lastExchange(socket);
    const waiting = response !== undefined && !response.writableFinished;
    // The answer is on its way, maybe one that refuses these very bytes.
    if (waiting && response.writableEnded) return closeSoon(socket);
    // A client that went away, or opened a connection that it didn't need, has made no request.
    const silent = socket.bytesRead === 0 || (waiting && error.code === 'HPE_INVALID_EOF_STATE');
    if (silent || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const respelling = waiting ? undefined : respell(error, socket.bytesRead);
    if (respelling) return void server.emit(event, respelled(socket, respelling));
    const { status, limit } = LIMITS[error.code ?? ''] ?? MALFORMED;
    const { code, reason } = error;
    const facts = {
      status,
      limit,
      code,
      reason,
      client: socket.remoteAddress,
      line: lineSeen(socket, error),
    };
    const refuse = () => {
      if (socket.writable) closeSoon(socket, plainAnswer(status));
    };
    // Another request, behind sound ones: they are answered first.
    if (!waiting || response.req.complete) {
      tellRefusal(telling, facts);
      if (waiting) response.once('finish', refuse);
      else refuse();
      return;
    }
    // Its exchange ends with the connection, and is counted there.
    telling.metrics.refused(limit);
    telling.log.warn({ side: 'client', ...facts }, 'the client’s request is refused half-way');
    if (response.headersSent) socket.destroy();
    else if (response.socket) refuse();
    else response.prependOnceListener('socket', refuse);
  });
}

/** No HTTP can be spoken. A client that opened a connection and went away, as health checks do, is no failure. */
function refuseHandshake({ code, reason, message }: ParserError, socket: Socket, telling: Telling): void {
  const { remoteAddress: client } = socket;
  socket.destroy();
  if (code !== 'ECONNRESET')
    tellRefusal(telling, { limit: 'handshake', code, reason: reason ?? message, client });
}

/** The request's method and target without the query; undefined when the bytes begin with something else. */
function lineSeen(socket: Socket, { rawPacket }: ParserError): string | undefined {
  const text = spelledBefore(socket) ?? rawPacket?.subarray(0, 300).toString('latin1') ?? '';
  return /^[!-~]+ [^\s?]+/.exec(text)?.[0];
}
