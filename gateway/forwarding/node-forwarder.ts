import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { pairs, requestFields, responseFields } from './fields.ts';
import {
  breakOff,
  CONNECT_TIMEOUT,
  hasBody,
  MAX_HEAD,
  type Exchange,
  type Failure,
  type Forwarder,
  type Outcome,
  type UpstreamOptions,
} from './forwarder.ts';

/**
 * The few exchanges that undici 8 doesn't carry: requests with `Expect`, with trailers, or with a target that is
 * no path. The upstream's own 100 (Continue) is what the client gets; until then nothing of the body is sent.
 */
export function nodeForwarder({ url, timeout }: UpstreamOptions): Forwarder {
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === 'https:';
  const agent = secure ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  return {
    forward: (exchange) =>
      new Promise((resolve) => {
        const { request, path } = exchange;
        const options = {
          agent,
          hostname: hostname.replace(/^\[|\]$/g, ''),
          port: port || (secure ? 443 : 80),
          method: request.method,
          path,
          headers: framedFields(request),
          maxHeaderSize: MAX_HEAD,
          ...(secure ? { servername: hostname } : {}),
        };
        let outgoing: ClientRequest;
        try {
          outgoing = (secure ? httpsRequest : httpRequest)(options);
        } catch (error) {
          return resolve(failed('upstream', 'connect', error as Error));
        }
        carry(exchange, outgoing, timeout, resolve);
      }),
    close: async () => agent.destroy(),
  };
}

function framedFields(request: IncomingMessage): string[] {
  const fields = requestFields(request);
  if (request.headers['transfer-encoding'] !== undefined) fields.push('Transfer-Encoding', 'chunked');
  else if (!hasBody(request) && request.headers['content-length'] === undefined && request.method === 'POST')
    fields.push('Content-Length', '0');
  return fields;
}

function carry(
  { request, response }: Exchange,
  outgoing: ClientRequest,
  timeout: number | undefined,
  resolve: (outcome: Outcome) => void,
): void {
  let connected = false;
  let settled = false;
  const settle = (outcome: Outcome) => {
    settled = true;
    patience.end();
    response.off('close', onClose);
    request.unpipe(outgoing);
    request.resume();
    resolve(outcome);
  };
  const fail = (side: Failure['side'], cause: Error, late = false) => {
    if (settled) return;
    const phase = response.headersSent ? 'body' : connected ? 'head' : 'connect';
    const stale = side === 'upstream' && phase === 'head' && outgoing.reusedSocket && !late;
    settle(failed(side, phase, cause, { late, stale }));
    outgoing.destroy();
    if (side === 'upstream' && phase === 'body') breakOff(response);
  };
  const onClose = () => fail('client', new Error('the client closed its connection'));
  const tooLate = (milliseconds: number) =>
    fail('upstream', new Error(`no answer within ${milliseconds} ms`), true);
  const patience = countdown(tooLate);
  patience.begin(timeout ?? CONNECT_TIMEOUT);

  response.once('close', onClose);
  const onConnected = () => {
    connected = true;
    if (!settled) patience.begin(timeout);
  };
  outgoing.on('socket', (socket) => {
    if (!socket.connecting) onConnected();
    else socket.once('connect', onConnected);
  });
  outgoing.on('finish', patience.again);
  outgoing.on('error', (error) => fail('upstream', error));
  outgoing.on('continue', () => {
    patience.again();
    response.writeContinue();
    send(request, outgoing, patience.again);
  });
  outgoing.on('response', (answer) => {
    patience.end();
    answer.on('error', (error) => fail('upstream', error));
    try {
      response.sendDate = false;
      response.writeHead(answer.statusCode!, answer.statusMessage ?? '', answerFields(answer, request));
    } catch (error) {
      return fail('upstream', error as Error);
    }
    answer.pipe(response, { end: false });
    answer.on('end', () => {
      if (!answer.complete || settled) return;
      if (answer.rawTrailers.length > 0) response.addTrailers(pairs(answer.rawTrailers));
      response.end();
      settle({ ok: true, status: answer.statusCode! });
      if (!outgoing.writableFinished) outgoing.destroy();
    });
  });
  if (request.headers.expect === undefined) send(request, outgoing, patience.again);
  else outgoing.flushHeaders();
}

/** A timer that can begin anew; after its end nothing starts it again but `begin`. */
function countdown(over: (milliseconds: number) => void) {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin(milliseconds: number | undefined) {
      clearTimeout(timer);
      timer = milliseconds === undefined ? undefined : setTimeout(over, milliseconds, milliseconds);
    },
    again: () => void timer?.refresh(),
    end() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** The body, and the trailers that came after it. */
function send(request: IncomingMessage, outgoing: ClientRequest, onProgress: () => void): void {
  request.on('data', onProgress);
  request.pipe(outgoing, { end: false });
  request.once('end', () => {
    if (request.rawTrailers.length > 0 && outgoing.chunkedEncoding)
      outgoing.addTrailers(pairs(request.rawTrailers));
    outgoing.end();
  });
}

/** A client that got a final answer instead of 100 may or may not send its body: the connection is no use any more. */
function answerFields(answer: IncomingMessage, request: IncomingMessage): string[] {
  const fields = responseFields(answer.rawHeaders, request, answer.statusCode!);
  if (request.headers.expect !== undefined && !request.complete) fields.push('Connection', 'close');
  return fields;
}

function failed(
  side: Failure['side'],
  phase: Failure['phase'],
  cause: Error,
  { late = false, stale = false } = {},
): Outcome {
  return { ok: false, failure: { side, phase, late, stale, cause } };
}
