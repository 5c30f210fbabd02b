import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { plainAnswer } from './plain-answer.ts';
import { tellRefusal, type Telling } from './refusal.ts';
import { respell, respelled, spelledBefore } from './respelling.ts';

/** What Node's parser says, and the bytes that it says it of. */
type ParserError = NodeJS.ErrnoException & { reason?: string; rawPacket?: Buffer };

const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
/** Milliseconds that a refused client has to read its answer and close. */
const LINGER = 2_000;

/**
 * Answers what Node's parser refuses: a target or a method that only the parser doesn't know as a request of this
 * server after all, anything else with 400, 408, 413 or 431, logged and counted.
 */
export function answerUnparsed(server: Server, telling: Telling): void {
  const done = new WeakSet<Socket>();
  const underWay = new WeakMap<Socket, ServerResponse>();
  const remember = ({ socket }: IncomingMessage, response: ServerResponse) => underWay.set(socket, response);
  for (const event of ['request', 'checkContinue', 'checkExpectation'])
    server.prependListener(event, remember);

  server.on('clientError', (error: ParserError, stream) => {
    const socket = stream as Socket;
    if (done.has(socket)) return;
    done.add(socket);
    const response = underWay.get(socket);
    const waiting = response !== undefined && !response.writableFinished;
    // The answer is on its way, maybe one that refuses these very bytes.
    if (waiting && response.writableEnded) return closeSoon(socket);
    // A client that went away, or opened a connection that it didn't need, has made no request.
    const silent = socket.bytesRead === 0 || (waiting && error.code === 'HPE_INVALID_EOF_STATE');
    if (silent || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const respelling = waiting ? undefined : respell(error, socket.bytesRead);
    if (respelling) return void server.emit('connection', respelled(socket, respelling));
    const status = STATUS[error.code ?? ''] ?? 400;
    const { code, reason } = error;
    const facts = { status, code, reason, client: socket.remoteAddress, line: lineSeen(socket, error) };
    // Its exchange ends with the connection, and is counted there.
    if (waiting) telling.log.warn({ side: 'client', ...facts }, 'the client’s request is refused half-way');
    else tellRefusal(telling, facts);
    if (waiting && (response.headersSent || response.req.complete)) return void socket.destroy();
    closeSoon(socket, plainAnswer(status));
  });
}

/** Ends a connection so that its client can read what was written last. */
function closeSoon(socket: Socket, last = ''): void {
  socket.end(last);
  const lingering = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(lingering));
}

/** The request's method and target without the query; undefined when the bytes begin with something else. */
function lineSeen(socket: Socket, { rawPacket }: ParserError): string | undefined {
  const text = spelledBefore(socket) ?? rawPacket?.subarray(0, 300).toString('latin1') ?? '';
  return /^[!-~]+ [^\s?]+/.exec(text)?.[0];
}
