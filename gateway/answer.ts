import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, Snapshot } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import { breakOff, hasBody, type Failure, type Forwarder, type Outcome } from './forwarding/forwarder.ts';
import type { InFlight } from './in-flight.ts';
import type { GatewayMetrics } from './metrics.ts';
import { plainBody } from './plain-answer.ts';
import { answerAndClose } from './refusal.ts';

/** What answering needs besides the request. */
export interface Answering {
  readonly upstreams: ReadonlyMap<string, Forwarder>;
  readonly metrics: GatewayMetrics;
  readonly inFlight: InFlight;
  readonly log: Log;
}

/**
 * Answers one request as decided, under one snapshot from start to end. Resolves when the exchange is over;
 * never rejects. `toMonolith` answers a read whose extracted service failed; unless given, the gateway forwards it.
 */
export async function answer(
  gateway: Answering,
  snapshot: Snapshot,
  decision: Decision,
  request: IncomingMessage,
  response: ServerResponse,
  toMonolith?: () => void,
): Promise<void> {
  const { metrics, inFlight } = gateway;
  const began = performance.now();
  const target = request.url!;
  inFlight.begin(decision);
  let { upstream } = decision;
  let outcome = await forward(gateway, decision, upstream, request, response, decision.path);
  if (!outcome.ok && mayFallBack(snapshot, decision, request, outcome.failure)) {
    metrics.fellBack(decision.context!);
    gateway.log.warn(facts(decision, upstream), 'answered by the monolith instead');
    upstream = snapshot.monolith;
    if (toMonolith) {
      inFlight.end(decision);
      return toMonolith();
    }
    outcome = await forward(gateway, decision, upstream, request, response, target);
  }
  if (!outcome.ok) refuse(response, outcome.failure);
  inFlight.end(decision);
  const status = mayHaveRead(outcome) ? response.statusCode : undefined;
  metrics.answered(decision, upstream, status, (performance.now() - began) / 1_000);
}

/** Sends the request to one upstream, and once more if that can't do harm and a stale connection swallowed it. */
async function forward(
  { upstreams, metrics, log }: Answering,
  decision: Decision,
  upstream: string,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<Outcome> {
  const forwarder = upstreams.get(upstream)!;
  const exchange = { request, response, path };
  let outcome = await forwarder.forward(exchange);
  if (!outcome.ok && outcome.failure.stale && mayRepeat(decision, request)) {
    metrics.retried(upstream);
    outcome = await forwarder.forward(exchange);
  }
  if (!outcome.ok) {
    const { side, phase, cause, refused } = outcome.failure;
    metrics.failed(upstream, outcome.failure);
    if (refused) metrics.refused(refused.limit);
    const why = refused ? { ...refused, client: request.socket.remoteAddress } : { err: cause };
    log.warn(
      { ...facts(decision, upstream), side, phase, method: request.method, ...why },
      wordsFor(outcome.failure),
    );
  }
  return outcome;
}

function wordsFor({ side, late, refused }: Failure): string {
  if (refused) return 'the client’s request is refused half-way';
  return side === 'client'
    ? 'the client went away'
    : late
      ? 'the upstream is too slow'
      : 'the upstream failed';
}

/** Whether a client was there that could read the answer. */
function mayHaveRead(outcome: Outcome): boolean {
  return outcome.ok || outcome.failure.side === 'upstream' || outcome.failure.refused !== undefined;
}

function facts({ context, route, reason, revision }: Decision, upstream: string): object {
  return { upstream, context, route, reason, revision };
}

/** RFC 9110 §9.2.2: safe methods may be repeated. A write never is, nor what carries a body. */
function mayRepeat({ kind }: Decision, request: IncomingMessage): boolean {
  const { method } = request;
  return (
    kind !== 'write' && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') && !hasBody(request)
  );
}

/**
 * A read whose extracted service fails before its answer has begun is answered by the monolith, while the monolith
 * owns the context's writes and so has what there is to read.
 */
function mayFallBack(
  snapshot: Snapshot,
  decision: Decision,
  request: IncomingMessage,
  { side, phase }: Failure,
): boolean {
  return (
    side === 'upstream' &&
    phase !== 'body' &&
    decision.kind === 'read' &&
    decision.upstream !== snapshot.monolith &&
    mayRepeat(decision, request) &&
    snapshot.contexts.get(decision.context!)?.stages.writes.stage === 'legacy'
  );
}

/** The gateway's own answer when the upstream has none. */
function refuse(response: ServerResponse, { side, phase, late, refused }: Failure): void {
  if (refused && !response.destroyed) {
    if (response.headersSent) return breakOff(response);
    return answerAndClose(response.req, response, refused.status);
  }
  if (side === 'client' || phase === 'body' || response.destroyed) return;
  const status = late ? 504 : 502;
  const body = plainBody(status);
  const close = response.req.headers.expect !== undefined && !response.req.complete;
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': body.length,
      ...(close ? { connection: 'close' } : {}),
    })
    .end(response.req.method === 'HEAD' ? undefined : body);
}
