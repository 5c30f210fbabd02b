import type { IncomingMessage } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import type { RouteEdits } from '../../contexts/index.ts';
import type { AnswerRules } from './answer-rules.ts';
import { requestFields, responseFields, type RequestRules } from './fields.ts';
import { connectorOf } from './connector.ts';
import { MAX_HEAD, type AnswerObserver, type UpstreamOptions } from './forwarder.ts';
import { originOf } from './origin.ts';

/** A request without a body that nobody waits for. */
export interface Copy {
  /** What it is a copy of. */
  readonly request: IncomingMessage;
  /** The request target for the upstream. */
  readonly path: string;
  /** What the route changes in both messages. */
  readonly edits?: RouteEdits | undefined;
}

/** Tells an upstream that a request is a copy whose answer nobody gets. */
export const SHADOW_FIELD = 'X-Banyan-Shadow';

/** Sends copies of requests over connections of its own. */
export interface CopySender {
  /** The observer sees the answer, and its end in any case. Returns the way to break it off. Never throws. */
  send(copy: Copy, observer: AnswerObserver): () => void;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

export interface CopySenderOptions extends Pick<UpstreamOptions, 'url' | 'tls'> {
  /** Milliseconds for a whole answer. */
  readonly timeout: number;
  /** The most connections. */
  readonly connections: number;
  /** What the upstream is told besides. */
  readonly rules: RequestRules;
  /** How its links and cookies become public ones. */
  readonly answers: AnswerRules;
}

export function openCopySender(options: CopySenderOptions): CopySender {
  const { timeout, connections, rules, answers } = options;
  const origin = originOf(options);
  const pool = new Pool(origin.url, {
    connections,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: MAX_HEAD,
    connect: connectorOf(origin, { connectTimeout: timeout, mayRetry: () => false }),
    // One time limit of our own for everything.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const named = origin.secure ? { servername: origin.host } : {};
  return {
    send(copy, observer) {
      const carried = new CarriedCopy(copy, answers, observer, timeout);
      const { request, path, edits } = copy;
      const method = request.method as Dispatcher.HttpMethod;
      const headers = requestFields(request, rules, edits?.request);
      headers.push(SHADOW_FIELD, '1');
      try {
        pool.dispatch({ ...named, path, method, headers }, carried);
      } catch (error) {
        carried.onResponseError(undefined, error as Error);
      }
      return carried.breakOff;
    },
    close: () => pool.destroy(),
  };
}

/** One copy under way. */
class CarriedCopy implements Dispatcher.DispatchHandler {
  readonly #copy: Copy;
  readonly #answers: AnswerRules;
  readonly #observer: AnswerObserver;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #reason: Error | undefined;
  #over = false;

  constructor(copy: Copy, answers: AnswerRules, observer: AnswerObserver, timeout: number) {
    this.#copy = copy;
    this.#answers = answers;
    this.#observer = observer;
    this.#timer = setTimeout(() => this.#abort(new Error(`no answer within ${timeout} ms`)), timeout);
    this.#timer.unref();
  }

  readonly breakOff = (): void => this.#abort(new Error('it is of no use any more'));

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#reason) controller.abort(this.#reason);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200 || this.#over) return;
    const { request, edits } = this.#copy;
    const raw = controller.rawHeaders as Buffer[];
    this.#observer.head(status, responseFields(raw, request, status, this.#answers, edits));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#observer.data(chunk);
  }

  onResponseEnd(): void {
    this.#end(true);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, _error: Error): void {
    this.#end(false);
  }

  #abort(reason: Error): void {
    if (this.#over) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#end(false);
  }

  #end(complete: boolean): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#observer.end(complete);
  }
}
