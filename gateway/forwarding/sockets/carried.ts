import type { ServerResponse } from 'node:http';
import { responseFields, trailerFields } from '../fields.ts';
import { breakOff, type Exchange, type Failure, type Outcome, type UpstreamOptions } from '../forwarder.ts';
import { idleMessage } from '../idle.ts';
import { isOpenEnded, passInformation, sendHead } from '../information.ts';
import { lateMessage } from '../patience.ts';
import type { AnswerHead } from './answer-head.ts';
import type { Connection, ConnectionUser } from './connection.ts';
import type { ConnectionPool } from './connection-pool.ts';

const CARRIED = Symbol('the exchange that a response is for');

interface Answered extends ServerResponse {
  [CARRIED]?: Carried;
}

/** Listens to every response's close: one function for all, so that none is made for a request. */
function clientGone(this: Answered): void {
  this[CARRIED]?.clientGone();
}

/** One exchange under way. A class so that its callbacks are shared and not made anew for every request. */
export class Carried implements ConnectionUser {
  readonly #exchange: Exchange;
  readonly #options: UpstreamOptions;
  readonly #pool: ConnectionPool;
  readonly #settle: (outcome: Outcome) => void;
  readonly toHead: boolean;
  readonly text: string;
  #connection: Connection | undefined;
  #settled = false;

  constructor(
    exchange: Exchange,
    text: string,
    options: UpstreamOptions,
    pool: ConnectionPool,
    settle: (outcome: Outcome) => void,
  ) {
    this.#exchange = exchange;
    this.#options = options;
    this.#pool = pool;
    this.#settle = settle;
    this.text = text;
    this.toHead = exchange.request.method === 'HEAD';
    const { response } = exchange;
    (response as Answered)[CARRIED] = this;
    response.on('close', clientGone);
  }

  got(connection: Connection): void {
    this.#connection = connection;
    const now = performance.now();
    const { times } = this.#exchange;
    if (times) times.sent = now;
    const { timeout } = this.#options;
    connection.deadline = timeout === undefined ? Infinity : now + timeout;
  }

  information(status: number, fields: readonly string[]): void {
    if (!this.#settled) passInformation(this.#exchange.response, status, fields);
  }

  head({ minor, status, reason, fields: raw }: AnswerHead): void {
    if (this.#settled) return;
    const { request, response, added, edits, observer, times } = this.#exchange;
    if (times) times.head = performance.now();
    const fields = responseFields(raw, request, status, this.#options.answers, edits, minor);
    observer?.head(status, fields);
    if (added) fields.push(...added);
    response.sendDate = false;
    response.writeHead(status, reason, fields);
    this.#awaitMore();
    // A body without a length may be long in coming: its head goes ahead of it (server-sent events).
    if (isOpenEnded(response)) process.nextTick(sendHead, response);
  }

  whole(body: string): void {
    const { response, observer } = this.#exchange;
    observer?.data(Buffer.from(body, 'latin1'));
    if (!response.destroyed) response.end(body, 'latin1');
  }

  data(chunk: Buffer): void {
    const { response, observer } = this.#exchange;
    observer?.data(chunk);
    if (this.#settled || response.destroyed) return;
    const connection = this.#connection!;
    if (response.write(Buffer.from(chunk))) return this.#awaitMore();
    // The client takes none now. What had been read when it stopped may come in several pieces.
    connection.deadline = Infinity;
    if (!connection.pause()) return;
    response.once('drain', () => {
      if (this.#settled) return;
      this.#awaitMore();
      connection.resume();
    });
  }

  #awaitMore(): void {
    const { idleTimeout } = this.#options;
    this.#connection!.deadline = idleTimeout === undefined ? Infinity : performance.now() + idleTimeout;
  }

  end(trailers: readonly string[]): void {
    const { response } = this.#exchange;
    if (this.#settled) return;
    if (trailers.length > 0) response.addTrailers(trailerFields(trailers));
    if (!response.writableEnded) response.end();
    this.#finish({ ok: true, status: response.statusCode });
  }

  broke(cause: Error, stale: boolean): void {
    const late = (cause as { code?: string }).code === 'UND_ERR_CONNECT_TIMEOUT';
    this.#fail('upstream', cause, late, stale);
  }

  late(): void {
    const { timeout, idleTimeout } = this.#options;
    const begun = this.#exchange.response.headersSent;
    this.#fail('upstream', new Error(begun ? idleMessage(idleTimeout!) : lateMessage(timeout!)), true, false);
  }

  clientGone(): void {
    this.#fail('client', new Error('the client closed its connection'), false, false);
  }

  #fail(side: Failure['side'], cause: Error, late: boolean, stale: boolean): void {
    if (this.#settled) return;
    const { response } = this.#exchange;
    const phase = response.headersSent ? 'body' : this.#connection ? 'head' : 'connect';
    this.#finish({
      ok: false,
      failure: { side, phase, late, stale: stale && phase === 'head', cause, refused: undefined },
    });
    this.#connection?.close();
    if (side === 'upstream' && phase === 'body') breakOff(response);
  }

  #finish(outcome: Outcome): void {
    this.#settled = true;
    if (!this.#connection) this.#pool.forget(this);
    this.#exchange.response.off('close', clientGone);
    this.#settle(outcome);
  }
}
