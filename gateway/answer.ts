import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, ServerTiming, Snapshot } from '../contexts/index.ts';
import { changeHead } from './amend-answer.ts';
import type { Log } from '../runtime/log.ts';
import { fallbackFields, mayFallBack, mayRepeat } from './fallback.ts';
import type { AnswerObserver, Failure, Forwarder, Outcome } from './forwarding/forwarder.ts';
import type { InFlight } from './in-flight.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Identity } from './identity/identity.ts';
import { awaitCaller } from './identity/await-caller.ts';
import { answerWithout } from './no-answer.ts';
import { answerItself } from './own-answer.ts';
import type { Telling } from './refusal.ts';
import type { Shed } from './protection/guard.ts';
import type { Guards } from './protection/open-guards.ts';
import type { Shadowing } from './shadow/shadowing.ts';
import { endAttempt, seeOther, sightingOf, type Seeing } from './seeing/seeing.ts';
import type { Ending } from './seeing/sighting.ts';
import { factsOf, tellFailure } from './tell-failure.ts';

/** What answering needs besides the request. */
export interface Answering {
  readonly upstreams: ReadonlyMap<string, Forwarder>;
  readonly guards: Guards;
  /** Whether a fallback is told in `Server-Timing`. */
  readonly serverTiming: ServerTiming;
  readonly metrics: GatewayMetrics;
  readonly inFlight: InFlight;
  readonly log: Log;
  readonly shadowing: Shadowing;
  /** Undefined where no context has one. */
  readonly identity: Identity | undefined;
  /** Undefined where nobody looks. */
  readonly seeing: Seeing | undefined;
  /** Refusals have lines of their own in the access log. */
  readonly onRefused: Telling['onRefused'];
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
  const sighting = sightingOf(request);
  let added: readonly [string, string] | undefined;
  inFlight.begin(decision);
  let sent = decision;
  let unsent: Attempt | undefined;
  if (gateway.identity?.concerns(decision)) {
    const found = await awaitCaller(gateway.identity, decision, request, response);
    if (sighting) sighting.identified = performance.now();
    if (found && 'answer' in found) {
      answerItself(metrics, decision, found.answer, request, response);
      return inFlight.end(decision);
    }
    if (!found) unsent = { ok: false, failure: clientGone() };
    else if ('shed' in found) unsent = { ok: false, shed: found.shed };
    else sent = found.decision;
  }
  const observer = decision.shadow && gateway.shadowing.read(decision, request);
  const wrote = decision.kind === 'write' ? gateway.shadowing.write(snapshot, decision, request) : undefined;
  let { upstream } = decision;
  const path = decision.path ?? target;
  let attempt = unsent ?? (await send(gateway, sent, upstream, request, response, path, added, observer));
  if (unsent && 'shed' in unsent) metrics.shed(upstream, unsent.shed.cause);
  observer?.end(attempt.ok);
  wrote?.();
  if (!attempt.ok && mayFallBack(snapshot, decision, request, attempt)) {
    metrics.fellBack(decision.context!);
    // An open breaker was logged when it opened.
    if ('failure' in attempt)
      gateway.log.warn(factsOf(decision, upstream, request), 'answered by the monolith instead');
    if (gateway.serverTiming === 'fallback') added = fallbackFields(attempt);
    upstream = snapshot.monolith;
    if (sighting) sighting.fellBack = 'shed' in attempt ? attempt.shed.cause : 'failed';
    if (toMonolith) {
      if (sighting) seeOther(sighting, upstream, response);
      const [name, value] = added ?? [];
      // Beside what the monolith will say of itself there.
      if (name && value) changeHead(response, (_status, fields) => [...fields, name, value]);
      inFlight.end(decision);
      return toMonolith();
    }
    attempt = await send(gateway, decision, upstream, request, response, target, added);
  }
  if (!attempt.ok) answerWithout(response, attempt, added);
  inFlight.end(decision);
  const status = mayHaveRead(attempt) ? response.statusCode : undefined;
  metrics.answered(decision, upstream, status, (performance.now() - began) / 1_000);
  sighting?.by.over(sighting, endingOf(attempt, status));
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
  const sighting = sightingOf(request);
  let times = sighting?.by.attempt(sighting, upstream);
  const exchange = { request, response, path, added, edits, observer };
  const forwarder = gateway.upstreams.get(upstream)!;
  let outcome = await forwarder.forward(times ? { ...exchange, times } : exchange);
  if (times) endAttempt(times, outcome);
  const swallowed = !outcome.ok && outcome.failure.stale && mayRepeat(decision, request);
  if (swallowed && (!guard || guard.mayRetry())) {
    gateway.metrics.retried(upstream);
    times = sighting?.by.attempt(sighting, upstream);
    outcome = await forwarder.forward(times ? { ...exchange, times } : exchange);
    if (times) endAttempt(times, outcome);
  }
  guard?.leave(permit, outcome);
  if (!outcome.ok) tellFailure(gateway, decision, upstream, request, outcome.failure);
  return outcome;
}

function clientGone(): Failure {
  const cause = new Error('the client closed its connection');
  return { side: 'client', phase: 'connect', late: false, stale: false, cause };
}

function endingOf(attempt: Attempt, status: number | undefined): Ending {
  if (attempt.ok) return { status };
  if ('shed' in attempt) return { status, shed: attempt.shed.cause };
  return { status, failure: attempt.failure, limit: attempt.failure.refused?.limit };
}

/** Whether a client was there that could read the answer. */
function mayHaveRead(attempt: Attempt): boolean {
  if (attempt.ok || 'shed' in attempt) return true;
  return attempt.failure.side === 'upstream' || attempt.failure.refused !== undefined;
}
