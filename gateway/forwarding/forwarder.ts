import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteEdits, UpstreamTls } from '../../contexts/index.ts';
import type { AnswerRules } from './answer-rules.ts';
import type { RequestRules } from './fields.ts';

/** One request on its way to an upstream. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The request target for the upstream. */
  readonly path: string;
  /** Fields that the answer gets besides the upstream's, as a raw list. */
  readonly added?: readonly string[] | undefined;
  /** What the route changes in both messages. */
  readonly edits?: RouteEdits | undefined;
  /** Sees the answer pass, of an exchange without a body. Its end is the caller's to tell. */
  readonly observer?: AnswerObserver | undefined;
  /** Where the forwarder notes how far the exchange has got; nobody asks unless given. */
  readonly times?: ExchangeTimes | undefined;
}

/** When an exchange got so far, as `performance.now()` has it; undefined while it hasn't. */
export interface ExchangeTimes {
  /** It had a connection: from here the request was being sent. */
  sent: number | undefined;
  /** The final answer's head was there, and nothing of it had been passed on. */
  head: number | undefined;
}

/** The connections of a forwarder at one moment. */
export interface Connections {
  /** Made and not closed. */
  readonly open: number;
  /** Those of them that carry an exchange. */
  readonly busy: number;
  /** Exchanges that have none yet. */
  readonly waiting: number;
}

/** Sees an answer as it comes from the upstream. It holds nothing up and throws nothing. */
export interface AnswerObserver {
  /** The final status, and the fields as a client gets them: name, value, name, value, … They are not to be kept. */
  head(status: number, fields: readonly string[]): void;
  /** Valid during the call only. */
  data(chunk: Buffer): void;
  /** Nothing more comes. */
  end(complete: boolean): void;
}

/** Why an exchange broke, and on which side. */
export interface Failure {
  /** `client`: the client went away. `upstream`: everything else. */
  readonly side: 'upstream' | 'client';
  /** How far it got: no connection yet; no answer's head yet; in the answer's body. */
  readonly phase: 'connect' | 'head' | 'body';
  /** It took longer than the upstream's time allows. */
  readonly late: boolean;
  /** A pooled connection turned out closed before a byte of an answer: most likely nobody read the request. */
  readonly stale: boolean;
  readonly cause: Error;
  /** The gateway itself broke the client's request off, and for this. */
  readonly refused?: Refusal | undefined;
}

/** Why the gateway takes no more of a request. */
export interface Refusal {
  readonly status: 408 | 413;
  /** Which limit: a label of `banyan_gateway_refused_total`. */
  readonly limit: 'body-timeout' | 'body-size';
  /** For the log. */
  readonly reason: string;
}

/** Emitted on a request with a body, with a Refusal: its exchange fails on the client's side, its upstream's request is aborted. */
export const REFUSED = 'banyan:refused';

export type Outcome =
  { readonly ok: true; readonly status: number } | { readonly ok: false; readonly failure: Failure };

/**
 * Carries exchanges to one upstream and the answers back, streaming both ways without holding bodies in memory.
 *
 * It sends a request once and never repeats it. When it fails before the answer's head has been passed on, the
 * response is untouched and the caller answers; when it fails later, the client's connection has been broken
 * off, so that nobody takes half an answer for a whole one. When the client goes away, the upstream request is
 * aborted. It never rejects. It does not promise that the request's body can be read again. `times`, where an exchange
 * has them, are noted in every case, also of one that fails.
 */
export interface Forwarder {
  forward(exchange: Exchange): Promise<Outcome>;
  connections(): Connections;
  /** Closes the connections; what is under way breaks. */
  close(): Promise<void>;
}

/** Where an upstream listens and how patient the gateway is with it. */
export interface UpstreamOptions {
  /** `http://host:port`, `https://host:port` or `unix:/path`. */
  readonly url: string;
  /** Files and names for TLS; the certificate is verified with and without. */
  readonly tls?: UpstreamTls | undefined;
  /** Milliseconds until the answer's head must be there, counted from the request's last byte. None: for ever. */
  readonly timeout: number | undefined;
  /** Milliseconds until a connection must be there. None: as long as the kernel tries. */
  readonly connectTimeout?: number | undefined;
  /** Milliseconds without a byte of the answer's body, after its head. None: for ever. */
  readonly idleTimeout?: number | undefined;
  /** Asked before a connection that was never made is tried again. Always unless given. */
  readonly mayRetry?: () => boolean;
  /** Told of each connection that was made, with the milliseconds that it took: name, TCP, TLS. */
  readonly onConnect?: ((milliseconds: number) => void) | undefined;
  /**
   * Milliseconds in which an upstream with a `timeout` takes something of a body at least. A minute unless given,
   * or the timeout where that is longer.
   */
  readonly stall?: number;
  /** What it is told besides what the client sent; the client's own Host, and nobody trusted, unless given. */
  readonly rules?: RequestRules;
  /** How its links and cookies become public ones; they stay as they are unless given. */
  readonly answers?: AnswerRules;
}

/** Longest head of a message, in bytes, both ways. Node's own 16 KiB is less than what Apache and nginx let pass. */
export const MAX_HEAD = 64 * 1024;

/** Whether the request has content (RFC 9112 §6.3). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Breaks the client's connection off so that a body without a length doesn't look complete either. */
export function breakOff(response: ServerResponse): void {
  const { socket } = response;
  if (socket && response.req.httpVersionMinor === 0) socket.resetAndDestroy();
  else response.destroy();
}
