import type { Socket } from 'node:net';
import type { Decision, Snapshot } from '../contexts/index.ts';
import { wait } from '../runtime/wait.ts';
import type { Answering } from './answer.ts';
import { fallbackFields, mayFallBack } from './fallback.ts';
import type { Outcome } from './forwarding/forwarder.ts';
import type { UpgradeExchange } from './forwarding/upgrader.ts';
import { awaitUpgrader } from './identity/await-caller.ts';
import type { Lane } from './lane.ts';
import type { Unanswered } from './no-answer.ts';
import { answerUpgradeItself } from './own-answer.ts';
import { plainAnswer } from './plain-answer.ts';
import type { Shed } from './protection/guard.ts';
import { endAttempt, sightingOf } from './seeing/seeing.ts';
import { factsOf, tellFailure } from './tell-failure.ts';

type Upgrading = Omit<Answering, 'upstreams' | 'shadowing'> & {
  readonly lanes: ReadonlyMap<string, Pick<Lane, 'upgrader'>>;
};

/** An upgrade as the server hands it out. */
export type AskedUpgrade = Pick<UpgradeExchange, 'request' | 'socket' | 'head'>;

/** What became of an upgrade at one upstream; `shed`: it was never sent. */
type Attempt = Outcome | { readonly ok: false; readonly shed: Shed };

/** Milliseconds before a connection is tried again: at least, and what chance adds. */
const PAUSE = 20;
const JITTER = 30;

/**
 * Answers a WebSocket upgrade as decided, by the rules for any request: until its answer the upstream is guarded, and a
 * read whose extracted service fails is the monolith's. What has been upgraded stays where it is. Never rejects;
 * `toMonolith` as for `answer`.
 */
export async function answerUpgrade(
  gateway: Upgrading,
  snapshot: Snapshot,
  decision: Decision,
  asked: AskedUpgrade,
  toMonolith?: () => void,
): Promise<void> {
  gateway.inFlight.begin(decision);
  await findUpstream(gateway, snapshot, decision, asked, toMonolith);
  gateway.inFlight.end(decision);
}

async function findUpstream(
  gateway: Upgrading,
  snapshot: Snapshot,
  decision: Decision,
  asked: AskedUpgrade,
  toMonolith: (() => void) | undefined,
): Promise<void> {
  const { metrics } = gateway;
  const { request, socket } = asked;
  const target = request.url!;
  const sighting = sightingOf(request);
  let sent = decision;
  let attempt: Attempt | undefined;
  if (gateway.identity?.concerns(decision)) {
    const found = await awaitUpgrader(gateway.identity, decision, request, socket);
    if (sighting) sighting.identified = performance.now();
    if (!found) return;
    if ('answer' in found) {
      if (sighting) sighting.status = found.answer.status;
      return answerUpgradeItself(metrics, decision, found.answer, socket);
    }
    if ('shed' in found) {
      metrics.shed(decision.upstream, found.shed.cause);
      attempt = { ok: false, shed: found.shed };
    } else sent = found.decision;
  }
  const { upstream, path = target, edits } = sent;
  let added: readonly [string, string] | undefined;
  attempt ??= await send(gateway, decision, upstream, { ...asked, path, edits });
  if (!attempt.ok && mayFallBack(snapshot, decision, request, attempt)) {
    metrics.fellBack(decision.context!);
    // An open breaker was logged when it opened.
    if ('failure' in attempt)
      gateway.log.warn(factsOf(decision, upstream, request), 'answered by the monolith instead');
    if (sighting) sighting.fellBack = 'shed' in attempt ? attempt.shed.cause : 'failed';
    if (toMonolith) {
      sighting?.by.attempt(sighting, snapshot.monolith);
      return toMonolith();
    }
    if (gateway.serverTiming === 'fallback') added = fallbackFields(attempt);
    attempt = await send(gateway, decision, snapshot.monolith, { ...asked, path: target, added });
  }
  if (attempt.ok) return;
  const status = answerWithout(socket, attempt, added);
  if (!sighting) return;
  sighting.status = status;
  if ('shed' in attempt) sighting.shed = attempt.shed.cause;
}

/** Sends the upgrade to one upstream, unless its guard says no; once more if there never was a connection. */
async function send(
  gateway: Upgrading,
  decision: Decision,
  upstream: string,
  exchange: UpgradeExchange,
): Promise<Attempt> {
  const guard = gateway.guards.get(upstream);
  const permit = guard ? guard.enter() : 0;
  if (typeof permit === 'object') {
    gateway.metrics.shed(upstream, permit.cause);
    return { ok: false, shed: permit };
  }
  gateway.metrics.upgraded(upstream);
  const { upgrader } = gateway.lanes.get(upstream)!;
  const sighting = sightingOf(exchange.request);
  let times = sighting?.by.attempt(sighting, upstream);
  let outcome = await upgrader.upgrade({ ...exchange, times });
  if (times) endAttempt(times, outcome);
  if (wasNeverConnected(outcome) && (!guard || guard.mayRetry())) {
    gateway.metrics.retried(upstream);
    await wait(PAUSE + Math.random() * JITTER);
    times = sighting?.by.attempt(sighting, upstream);
    outcome = await upgrader.upgrade({ ...exchange, times });
    if (times) endAttempt(times, outcome);
  }
  guard?.leave(permit, outcome);
  if (!outcome.ok) tellFailure(gateway, decision, upstream, exchange.request, outcome.failure);
  return outcome;
}

/** Nothing has been sent then: it may be a write. What took its time is not tried for as long again. */
function wasNeverConnected(outcome: Outcome): boolean {
  if (outcome.ok) return false;
  const { side, phase, late } = outcome.failure;
  return side === 'upstream' && phase === 'connect' && !late;
}

/** The gateway's own answer when nobody has one, where a client is there to read it; its status. */
function answerWithout(
  socket: Socket,
  why: Unanswered,
  added: readonly [string, string] | undefined,
): number | undefined {
  if (!socket.writable) {
    socket.destroy();
    return undefined;
  }
  const fields = added && { [added[0]]: added[1] };
  const shed = 'shed' in why;
  const status = shed ? 503 : why.failure.late ? 504 : 502;
  const after: Record<string, string> = shed ? { 'retry-after': String(why.shed.retryAfter) } : {};
  socket.end(plainAnswer(status, { ...after, ...fields }));
  return status;
}
