import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, Snapshot } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import { fallbackFields, mayFallBack, mayRepeat } from './fallback.ts';
import type { AnswerObserver, Forwarder, Outcome } from './forwarding/forwarder.ts';
import type { InFlight } from './in-flight.ts';
import type { GatewayMetrics } from './metrics.ts';
import { answerWithout } from './no-answer.ts';
import type { Shed } from './protection/guard.ts';
import type { Guards } from './protection/open-guards.ts';
import type { Shadowing } from './shadow/shadowing.ts';
import { factsOf, tellFailure } from './tell-failure.ts';

/** What answering needs besides the request. */
export interface Answering {
  readonly upstreams: ReadonlyMap<string, Forwarder>;
  readonly guards: Guards;
  /** Whether a fallback is told in `Server-Timing`. */
  readonly serverTiming: boolean;
  readonly metrics: GatewayMetrics;
  readonly inFlight: InFlight;
  readonly log: Log;
  readonly shadowing: Shadowing;
}

/** What became of a request at one upstream; `shed`: it was never sent. */
type Attempt = Outcome | { readonly ok: false; readonly shed: Shed };

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
  let added: readonly [string, string] | undefined;
  inFlight.begin(decision);
  const observer = decision.shadow && gateway.shadowing.read(decision, request);
  const wrote = decision.kind === 'write' ? gateway.shadowing.write(snapshot, decision, request) : undefined;
  let { upstream } = decision;
  let attempt = await send(gateway, decision, upstream, request, response, decision.path, added, observer);
  observer?.end(attempt.ok);
  wrote?.();
  if (!attempt.ok && mayFallBack(snapshot, decision, request, attempt)) {
    metrics.fellBack(decision.context!);
    // An open breaker was logged when it opened.
    if ('failure' in attempt)
      gateway.log.warn(factsOf(decision, upstream), 'answered by the monolith instead');
    if (gateway.serverTiming) added = fallbackFields(attempt);
    upstream = snapshot.monolith;
    if (toMonolith) {
      if (added) response.appendHeader(...added);
      inFlight.end(decision);
      return toMonolith();
    }
    attempt = await send(gateway, decision, upstream, request, response, target, added);
  }
  if (!attempt.ok) answerWithout(response, attempt, added);
  inFlight.end(decision);
  const status = mayHaveRead(attempt) ? response.statusCode : undefined;
  metrics.answered(decision, upstream, status, (performance.now() - began) / 1_000);
}

/** Sends the request to one upstream, unless its guard says no; once more if a stale connection swallowed it. */
async function send(
  gateway: Answering,
  decision: Decision,
  upstream: string,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  added: readonly string[] | undefined,
  observer?: AnswerObserver,
): Promise<Attempt> {
  const guard = gateway.guards.get(upstream);
  const permit = guard ? guard.enter() : 0;
  if (typeof permit === 'object') {
    gateway.metrics.shed(upstream, permit.cause);
    return { ok: false, shed: permit };
  }
  const edits = upstream === decision.upstream ? decision.edits : undefined;
  const exchange = { request, response, path, added, edits, observer };
  const forwarder = gateway.upstreams.get(upstream)!;
  let outcome = await forwarder.forward(exchange);
  const swallowed = !outcome.ok && outcome.failure.stale && mayRepeat(decision, request);
  if (swallowed && (!guard || guard.mayRetry())) {
    gateway.metrics.retried(upstream);
    outcome = await forwarder.forward(exchange);
  }
  guard?.leave(permit, outcome);
  if (!outcome.ok) tellFailure(gateway, decision, upstream, request, outcome.failure);
  return outcome;
}

/** Whether a client was there that could read the answer. */
function mayHaveRead(attempt: Attempt): boolean {
  if (attempt.ok || 'shed' in attempt) return true;
  return attempt.failure.side === 'upstream' || attempt.failure.refused !== undefined;
}
