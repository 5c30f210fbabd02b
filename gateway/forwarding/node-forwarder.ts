import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import type { RouteEdits } from '../../contexts/index.ts';
import type { AnswerRules } from './answer-rules.ts';
import { connectorOf } from './connector.ts';
import { requestFields, responseFields, trailerFields, type RequestRules } from './fields.ts';
import {
  breakOff,
  hasBody,
  MAX_HEAD,
  REFUSED,
  type Exchange,
  type Failure,
  type Forwarder,
  type Outcome,
  type Refusal,
  type UpstreamOptions,
} from './forwarder.ts';
import { watchIdle } from './idle.ts';
import { isOpenEnded, passInformation, sendHead } from './information.ts';
import { originOf } from './origin.ts';
import { openPatience } from './patience.ts';

/** Milliseconds that an upstream has to answer `Expect: 100-continue` before the client is asked for its body. */
const CONTINUE_AFTER = 1_000;

/**
 * The few exchanges that undici 8 doesn't carry: requests with `Expect`, or that have a body with trailers, or a body
 * and a target that is no path. The upstream's own 100 (Continue) is what the client gets. One that says
 * nothing gets the body all the same, as soon as the client sends it, which it is asked to after a second
 * (RFC 9110 §10.1.1).
 */
export function nodeForwarder(options: UpstreamOptions): Forwarder {
  const origin = originOf(options);
  const { secure, host, port } = origin;
  const agent = secure ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const connect = connectorOf(origin, options);
  const where = { hostname: host, host, protocol: secure ? 'https:' : 'http:', port: String(port) };
  agent.createConnection = (_request, made) =>
    void connect(where, (...result) => made!(...(result as [null, Socket])));
  const waiting = new Set<ClientRequest>();
  return {
    forward: (exchange) =>
      new Promise((resolve) => {
        const { request, path } = exchange;
        const head = {
          agent,
          hostname: host,
          port,
          method: request.method,
          path,
          headers: framedFields(request, options.rules, exchange.edits),
          maxHeaderSize: MAX_HEAD,
        };
        let outgoing: ClientRequest;
        try {
          outgoing = (secure ? httpsRequest : httpRequest)(head);
        } catch (error) {
          return resolve(failed('upstream', 'connect', error as Error));
        }
        waiting.add(outgoing);
        const got = () => void waiting.delete(outgoing);
        outgoing.once('socket', got);
        carry(exchange, outgoing, options, (outcome) => {
          got();
          resolve(outcome);
        });
      }),
    connections() {
      const [busy, idle] = [agent.sockets, agent.freeSockets].map((sockets) =>
        Object.values(sockets).reduce((sum, of) => sum + (of?.length ?? 0), 0),
      ) as [number, number];
      return { open: busy + idle, busy, waiting: waiting.size };
    },
    close: async () => agent.destroy(),
  };
}

function framedFields(
  request: IncomingMessage,
  rules: RequestRules | undefined,
  edits: RouteEdits | undefined,
): string[] {
  const fields = requestFields(request, rules, edits?.request);
  if (request.headers['transfer-encoding'] !== undefined) fields.push('Transfer-Encoding', 'chunked');
  else if (!hasBody(request) && request.headers['content-length'] === undefined && request.method === 'POST')
    fields.push('Content-Length', '0');
  return fields;
}

function carry(
  { request, response, added, edits, times }: Exchange,
  outgoing: ClientRequest,
  { timeout, stall, idleTimeout, answers }: UpstreamOptions,
  resolve: (outcome: Outcome) => void,
): void {
  let connected = false;
  let settled = false;
  let endIdle: (() => void) | undefined;
  const settle = (outcome: Outcome) => {
    settled = true;
    clearTimeout(continuing);
    endIdle?.();
    patience.end();
    response.off('close', onClose);
    request.off(REFUSED, onRefused);
    request.unpipe(outgoing);
    request.resume();
    resolve(outcome);
  };
  const fail = (side: Failure['side'], cause: Error, late = false, refused?: Refusal) => {
    if (settled) return;
    const phase = response.headersSent ? 'body' : connected ? 'head' : 'connect';
    const stale = side === 'upstream' && phase === 'head' && outgoing.reusedSocket && !late;
    settle(failed(side, phase, cause, { late, stale, refused }));
    outgoing.destroy();
    if (side === 'upstream' && phase === 'body') breakOff(response);
  };
  const onClose = () => fail('client', new Error('the client closed its connection'));
  const onRefused = (refused: Refusal) => fail('client', new Error(refused.reason), false, refused);
  const onLate = (cause: Error) => fail('upstream', cause, true);
  const patience = openPatience(request, { timeout, stall }, onLate);
  const proceed = onceExpected(request, response);
  const ask = () => void (request.readableDidRead || proceed());
  const continuing = request.headers.expect === undefined ? undefined : setTimeout(ask, CONTINUE_AFTER);

  response.once('close', onClose);
  request.once(REFUSED, onRefused);
  outgoing.on('socket', () => {
    connected = true;
    if (times) times.sent = performance.now();
  });
  outgoing.on('finish', () => patience.sent(outgoing.socket ?? undefined));
  outgoing.on('error', (error: Error & { code?: string }) =>
    fail('upstream', error, error.code === 'UND_ERR_CONNECT_TIMEOUT'),
  );
  outgoing.on('continue', proceed);
  outgoing.on('information', ({ statusCode, rawHeaders }) =>
    passInformation(response, statusCode, rawHeaders),
  );
  outgoing.on('response', (answer) => {
    clearTimeout(continuing);
    patience.end();
    if (times) times.head = performance.now();
    answer.on('error', (error) => fail('upstream', error));
    try {
      response.sendDate = false;
      const fields = answerFields(answer, request, answers, edits);
      if (added) fields.push(...added);
      response.writeHead(answer.statusCode!, answer.statusMessage ?? '', fields);
      if (isOpenEnded(response)) process.nextTick(sendHead, response);
    } catch (error) {
      return fail('upstream', error as Error);
    }
    endIdle = watchIdle(answer, response, idleTimeout, onLate);
    answer.pipe(response, { end: false });
    answer.on('end', () => {
      if (!answer.complete || settled) return;
      if (answer.rawTrailers.length > 0) response.addTrailers(trailerFields(answer.rawTrailers));
      response.end();
      settle({ ok: true, status: answer.statusCode! });
      if (!outgoing.writableFinished) outgoing.destroy();
    });
  });
  send(request, outgoing);
  patience.uploads(outgoing);
  if (request.headers.expect !== undefined) outgoing.flushHeaders();
}

/** Tells a client that waits for 100 (Continue) to go on, once. */
function onceExpected(request: IncomingMessage, response: ServerResponse): () => void {
  let pending = request.headers.expect?.toLowerCase() === '100-continue' && request.httpVersionMinor === 1;
  return () => {
    if (pending && !response.headersSent && !response.destroyed) response.writeContinue();
    pending = false;
  };
}

/** The body, and the trailers that came after it. */
function send(request: IncomingMessage, outgoing: ClientRequest): void {
  // Without a body the request may be a stream that never ends (`optimizeEmptyRequests`).
  if (!hasBody(request)) return void outgoing.end();
  request.pipe(outgoing, { end: false });
  request.once('end', () => {
    if (request.rawTrailers.length > 0 && outgoing.chunkedEncoding)
      outgoing.addTrailers(trailerFields(request.rawTrailers));
    outgoing.end();
  });
}

/** A client that got a final answer instead of 100 may or may not send its body: the connection is no use any more. */
function answerFields(
  answer: IncomingMessage,
  request: IncomingMessage,
  answers: AnswerRules | undefined,
  edits: RouteEdits | undefined,
): string[] {
  const fields = responseFields(
    answer.rawHeaders,
    request,
    answer.statusCode!,
    answers,
    edits,
    answer.httpVersionMinor,
  );
  if (request.headers.expect !== undefined && !request.complete) fields.push('Connection', 'close');
  return fields;
}

function failed(
  side: Failure['side'],
  phase: Failure['phase'],
  cause: Error,
  { late = false, stale = false, refused }: Partial<Failure> = {},
): Outcome {
  return { ok: false, failure: { side, phase, late, stale, cause, refused } };
}
