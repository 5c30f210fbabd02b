import { PassThrough } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Client, Pool, type buildConnector, type Dispatcher } from 'undici';
import { connectorOf } from './connector.ts';
import { requestFields, responseFields, trailerFields } from './fields.ts';
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
import { idleMessage } from './idle.ts';
import { isOpenEnded, passInformation, sendHead } from './information.ts';
import { originOf } from './origin.ts';
import { lateMessage, openPatience, type Patience } from './patience.ts';
import { ignoreContinue } from './unasked-continue.ts';

/** Plain exchanges, over one pool of HTTP/1.1 connections that grows with the load. */
export function undiciForwarder(options: UpstreamOptions): Forwarder {
  const { timeout, stall, idleTimeout, rules } = options;
  const origin = originOf(options);
  const { url, secure, host } = origin;
  const connect = connectorOf(origin, options);
  const pool = new Pool(url, {
    factory: (origin, defaults: Client.Options) => new KnownSocketClient(origin, defaults, connect),
    // undici would count from the last time that it could write something; the patience is our own.
    headersTimeout: 0,
    // From byte to byte of the answer's body, and not while the client takes none.
    bodyTimeout: idleTimeout ?? 0,
    maxHeaderSize: MAX_HEAD,
    pipelining: 1,
    allowH2: false,
  });
  const line: Line = { waiting: 0 };
  // One name for all requests: undici would dial again for another Host.
  const named = secure ? { servername: host } : {};
  return {
    forward: (exchange) =>
      new Promise((resolve) => {
        const { request } = exchange;
        const carried = new Carried(exchange, options, line, resolve);
        exchange.response.on('close', clientGone);
        const body = hasBody(request) ? streamed(request) : null;
        // Without a body undici's own clock is right, and a timer less for each request; it is coarse below a second.
        const own = body !== null || (timeout !== undefined && timeout < 1_000);
        if (own)
          carried.patience = openPatience(request, { timeout, stall }, (reason) => carried.late(reason));
        if (body) {
          carried.patience!.uploads(body);
          request.once(REFUSED, (refused: Refusal) => carried.refuse(refused));
        }
        try {
          pool.dispatch(
            {
              ...named,
              path: exchange.path,
              method: request.method as Dispatcher.HttpMethod,
              headers: requestFields(request, rules, exchange.edits?.request),
              body,
              headersTimeout: own ? 0 : (timeout ?? 0),
            },
            carried,
          );
        } catch (error) {
          carried.onResponseError(undefined, error as Error);
        }
      }),
    connections() {
      const { connected, running } = pool.stats;
      return { open: connected, busy: running, waiting: line.waiting };
    },
    close: () => pool.destroy(),
  };
}

/** undici destroys the body when it is done; the client's own stream must survive that, and be read to its end. */
function streamed(request: IncomingMessage): PassThrough {
  const body = request.pipe(new PassThrough());
  body.once('close', () => {
    request.unpipe(body);
    request.resume();
  });
  return body;
}

/** The socket that a client has now, and what to call before a request is sent over it. */
interface Connection {
  now?: Socket;
  sending?: () => void;
}

/** One connection of the pool after the other. It tells each exchange which socket it has. */
class KnownSocketClient extends Client {
  readonly #socket: Connection;

  constructor(origin: URL, options: Client.Options, connect: buildConnector.connector) {
    const socket: Connection = {};
    super(origin, {
      ...options,
      connect: (where, callback) =>
        connect(where, (...result: buildConnector.CallbackArgs) => {
          if (result[1]) {
            socket.now = result[1];
            socket.sending = ignoreContinue(result[1]);
          }
          callback(...result);
        }),
    });
    this.#socket = socket;
  }

  override dispatch(options: Dispatcher.DispatchOptions, carried: Dispatcher.DispatchHandler): boolean {
    this.#socket.sending?.();
    (carried as Carried).connection = this.#socket;
    return super.dispatch(options, carried);
  }
}

/** Exchanges that have no connection yet. undici counts those in that have been given up. */
interface Line {
  waiting: number;
}

const CARRIED = Symbol('the exchange that a response is for');

interface Answered extends ServerResponse {
  [CARRIED]?: Carried;
}

/** Listens to every response's close: one function for all, so that none is made for a request. */
function clientGone(this: Answered): void {
  this[CARRIED]?.clientGone();
}

/** Bytes of a body that is copied behind its head, so that both go with one write. Longer ones cost less in two. */
const SMALL = 16 * 1024;

/** One exchange under way. A class so that its callbacks are shared and not made anew for every request. */
class Carried implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #options: UpstreamOptions;
  readonly #line: Line;
  readonly #settle: (outcome: Outcome) => void;
  #waits = true;
  #controller: Dispatcher.DispatchController | undefined;
  #answered = false;
  #settled = false;
  #gone = false;
  #late = false;
  #begun = false;
  patience: Patience | undefined;
  connection: Connection | undefined;

  constructor(exchange: Exchange, options: UpstreamOptions, line: Line, settle: (outcome: Outcome) => void) {
    this.#exchange = exchange;
    this.#options = options;
    this.#line = line;
    line.waiting += 1;
    this.#settle = settle;
    (exchange.response as Answered)[CARRIED] = this;
  }

  clientGone(): void {
    if (this.#settled) return;
    this.#gone = true;
    const cause = new Error('the client closed its connection');
    this.#fail('client', cause);
    this.#controller?.abort(cause);
  }

  refuse(refused: Refusal): void {
    if (this.#settled) return;
    this.#gone = true;
    const cause = new Error(refused.reason);
    this.#fail('client', cause, refused);
    this.#controller?.abort(cause);
  }

  late(reason: Error): void {
    this.#late = true;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#waitNoMore();
    const { times } = this.#exchange;
    if (times) times.sent = performance.now();
    if (this.#gone) controller.abort(new Error('the client closed its connection'));
  }

  onRequestSent(): void {
    if (!this.#settled) this.patience?.sent(this.connection?.now);
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
    const { request, response, added, edits, observer, times } = this.#exchange;
    if (status < 200) return passInformation(response, status, controller.rawHeaders as Buffer[]);
    if (times) times.head = performance.now();
    this.patience?.end();
    const fields = responseFields(
      controller.rawHeaders as Buffer[],
      request,
      status,
      this.#options.answers,
      edits,
    );
    observer?.head(status, fields);
    if (added) fields.push(...added);
    response.sendDate = false;
    response.writeHead(status, message ?? '', fields);
    // A body without a length may be long in coming: its head goes ahead of it (server-sent events).
    if (isOpenEnded(response)) process.nextTick(sendHead, response);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response, observer } = this.#exchange;
    observer?.data(chunk);
    if (response.destroyed) return;
    const first = !this.#begun;
    this.#begun = true;
    if (first && chunk.length <= SMALL && chunk.length === lengthIn(controller.rawHeaders as Buffer[]))
      return void response.end(chunk.toString('latin1'), 'latin1');
    if (response.write(chunk)) return;
    controller.pause();
    response.once('drain', () => controller.resume());
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { response } = this.#exchange;
    const trailers = controller.rawTrailers as Buffer[] | null | undefined;
    if (trailers && trailers.length > 0) response.addTrailers(trailerFields(trailers));
    if (!response.writableEnded) response.end();
    this.#finish({ ok: true, status: response.statusCode });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#settled) return;
    this.#fail('upstream', this.#inOwnWords(error));
    if (this.#exchange.response.headersSent) breakOff(this.#exchange.response);
  }

  /** undici's clocks have run out: said as our own say it. */
  #inOwnWords(error: Error & { code?: string }): Error {
    const head = error.code === 'UND_ERR_HEADERS_TIMEOUT';
    if (!head && error.code !== 'UND_ERR_BODY_TIMEOUT') return error;
    this.#late = true;
    const { timeout, idleTimeout } = this.#options;
    return new Error(head ? lateMessage(timeout!) : idleMessage(idleTimeout!), { cause: error });
  }

  #fail(side: Failure['side'], cause: Error & { code?: string }, refused?: Refusal): void {
    const phase = this.#exchange.response.headersSent ? 'body' : this.#controller ? 'head' : 'connect';
    const late = this.#late || cause.code === 'UND_ERR_CONNECT_TIMEOUT';
    const stale = side === 'upstream' && phase === 'head' && !this.#answered && wasPooled(cause);
    this.#finish({ ok: false, failure: { side, phase, late, stale, cause, refused } });
  }

  #waitNoMore(): void {
    if (this.#waits) this.#line.waiting -= 1;
    this.#waits = false;
  }

  #finish(outcome: Outcome): void {
    this.#settled = true;
    this.#waitNoMore();
    this.patience?.end();
    this.#exchange.response.off('close', clientGone);
    this.#settle(outcome);
  }
}

/** What Content-Length says: -1 where there is none. */
function lengthIn(raw: readonly Buffer[]): number {
  for (let index = 0; index < raw.length; index += 2)
    if (raw[index]!.length === LENGTH.length && raw[index]!.toString('latin1').toLowerCase() === LENGTH)
      return Number(raw[index + 1]!.toString('latin1'));
  return -1;
}

const LENGTH = 'content-length';

/** Closed by the other side after it had carried an answer before. A reset doesn't say; it counts as such. */
function wasPooled(error: Error & { code?: string; socket?: { bytesRead?: number } | null }): boolean {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return true;
  return error.code === 'UND_ERR_SOCKET' && (error.socket?.bytesRead ?? 0) > 0;
}
