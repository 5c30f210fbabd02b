import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../runtime/log.ts';
import { framingFault, type Fault } from './framing.ts';
import { lingerAfterAnswer } from './linger.ts';
import type { GatewayMetrics } from './metrics.ts';
import { plainAnswer, plainBody } from './plain-answer.ts';

/** What telling of a refusal needs. */
export interface Telling {
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  /** Told as well; a request that has a line of its own elsewhere isn't told of here. */
  readonly onRefused?: ((facts: RefusedFacts, request: IncomingMessage | undefined) => void) | undefined;
}

/** What is known of a request that is refused. */
export interface RefusedFacts {
  readonly limit: Limit;
  /** What the client gets; undefined when its connection is closed. */
  readonly status?: number | undefined;
  readonly method?: string | undefined;
  /** The other end of the connection, as its socket has it. */
  readonly client?: string | undefined;
  /** `GET /path` of what is no request. */
  readonly line?: string | undefined;
  readonly [fact: string]: unknown;
}

/** Why the gateway refuses, in a word: the label of `banyan_gateway_refused_total`. */
export const LIMITS = [
  'malformed',
  'tunnel',
  'fields',
  'head-size',
  'head-timeout',
  'body-size',
  'body-timeout',
  'slow-reader',
  'handshake',
  'connections',
] as const;
export type Limit = (typeof LIMITS)[number];

/** Logs and counts a request that no upstream gets to see, or a client that is let go. */
export function tellRefusal(
  { metrics, log, onRefused }: Telling,
  { limit, ...facts }: RefusedFacts,
  request?: IncomingMessage,
): void {
  onRefused?.({ limit, ...facts }, request);
  metrics.failed('', { side: 'client', phase: 'request' });
  metrics.refused(limit);
  log.warn({ side: 'client', phase: 'request', limit, ...facts }, 'the client’s request is refused');
}

/** Answers a request that is not sound, or has more than `fields` fields, and says whether it did. */
export function refuseRequest(
  telling: Telling,
  request: IncomingMessage,
  response: ServerResponse,
  fields: number,
): boolean {
  const fault = faultOf(request, fields);
  if (!fault) return false;
  tell(telling, request, fault);
  answerAndClose(request, response, fault.status);
  return true;
}

/** The gateway's own answer to a request of which it reads no more, in such a way that the client can read it. */
export function answerAndClose(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  fields: Readonly<Record<string, string>> = {},
): void {
  const body = plainBody(status);
  lingerAfterAnswer(request.socket);
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': body.length,
      connection: 'close',
      ...fields,
    })
    .end(request.method === 'HEAD' ? undefined : body);
  request.resume();
}

interface Refused {
  readonly status: number;
  readonly limit: Limit;
  readonly reason: string;
}

function faultOf(request: IncomingMessage, most: number): Refused | undefined {
  const fault: Fault | undefined = framingFault(request);
  if (fault) return { ...fault, limit: 'malformed' };
  // Node was told to read one more than that, and to pass over the rest.
  if (request.rawHeaders.length <= 2 * most) return undefined;
  return { status: 431, limit: 'fields', reason: `it has more than ${most} fields` };
}

/** The same for an upgrade. */
export function refuseUpgrade(
  telling: Telling,
  request: IncomingMessage,
  socket: Socket,
  fields: number,
): boolean {
  const fault = faultOf(request, fields);
  if (!fault) return false;
  tell(telling, request, fault);
  socket.end(plainAnswer(fault.status));
  return true;
}

function tell(telling: Telling, request: IncomingMessage, { status, limit, reason }: Refused): void {
  const { method, socket } = request;
  tellRefusal(telling, { status, limit, method, client: socket.remoteAddress, reason }, request);
}
