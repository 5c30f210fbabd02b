import type { IncomingMessage, ServerResponse } from 'node:http';
import { mayWrite, writersOf, type Decision, type Snapshot } from '../contexts/index.ts';
import { amendAnswer, isAmended } from './amend-answer.ts';
import { answer } from './answer.ts';
import { takeAuthority } from './authority.ts';
import { decideRequest, factsOf } from './decide-request.ts';
import { hasBody } from './forwarding/forwarder.ts';
import { framingFault } from './framing.ts';
import { serveKeys } from './identity/serve-keys.ts';
import { followMonolith } from './in-process.ts';
import { mayBring } from './limits/body-size.ts';
import { countForwards } from './max-forwards.ts';
import { answerItself } from './own-answer.ts';
import { isSecure, type Parts } from './parts.ts';
import { refuseRequest } from './refusal.ts';

/** Answers what is the monolith's, where that is in the same process. With an error, the request can't be answered. */
export type ToMonolith = (error?: Error) => void;

/** The way of a request: refused, or decided, asked of the cohort's own writes where that matters, and carried. */
export function handleRequest(
  parts: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  toMonolith?: ToMonolith,
): void {
  const began = performance.now();
  const { config, answering, identity } = parts.running();
  if (!toMonolith && refuseRequest(answering, request, response, config.gateway.limits.fields)) return;
  if (identity !== undefined) {
    if (request.url === identity.jwksPath) {
      answering.seeing?.own(request, response);
      return serveKeys(identity.jwks, request, response);
    }
    const over = identity.changes(request);
    if (over) response.once('close', over);
  }
  const snapshot = parts.snapshot();
  const decision = decideRequest(snapshot, request, parts.deciding());
  const asked =
    decision.asks !== undefined &&
    parts.askFirst(request, decision, (next) => {
      if (response.destroyed)
        parts.running().answering.seeing?.gone(request, next.snapshot, next.decision, began);
      else carry(parts, next.snapshot, next.decision, request, response, began, toMonolith);
    });
  if (!asked) carry(parts, snapshot, decision, request, response, began, toMonolith);
}

/** Carries a request as decided: the gateway's own answer, the monolith's in the same process, or an upstream's. */
function carry(
  parts: Parts,
  snapshot: Snapshot,
  decision: Decision,
  request: IncomingMessage,
  response: ServerResponse,
  began: number,
  toMonolith?: ToMonolith,
): void {
  const { config, answering } = parts.running();
  const { metrics } = parts;
  if (decision.follows) parts.followed.followed(decision.context!, decision.follows);
  if (isAmended(decision)) amendAnswer(decision, request, response, isSecure(parts, request));
  if (mayWrite(snapshot, request.method!, decision))
    rememberWrite(parts, snapshot, decision, request, response);
  if (toMonolith && (decision.upstream === snapshot.monolith || framingFault(request))) {
    followMonolith(answering.shadowing, snapshot, decision, request, response);
    return toMonolith();
  }
  answering.seeing?.begin(request, snapshot, decision, began, response);
  if (decision.answer) return answerItself(metrics, decision, decision.answer, request, response);
  if (toMonolith && hasBody(request) && request.readableEnded)
    return toMonolith(bodyIsGone(decision, request));
  const last = countForwards(request);
  if (last) return answerItself(metrics, decision, last, request, response);
  const maxBody = decision.maxBody ?? config.gateway.limits.maxBody;
  if (maxBody !== undefined && !mayBring(answering, request, response, maxBody)) return;
  if (decision.authority !== undefined) takeAuthority(request, decision.authority);
  void answer(answering, snapshot, decision, request, response, toMonolith);
}

/** From before the write is passed on: its cohort's reads follow the owner of the writes. */
function rememberWrite(
  parts: Parts,
  snapshot: Snapshot,
  decision: Decision,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const facts = factsOf(snapshot, request, parts.deciding());
  const writers = writersOf(snapshot, facts, decision);
  if (writers.length === 0) return;
  parts.ownWrites.begin(snapshot, writers, { request, response, facts, secure: isSecure(parts, request) });
}

function bodyIsGone({ upstream }: Decision, { method }: IncomingMessage): Error {
  return new Error(
    `can't forward ${method} to '${upstream}': its body has been read; mount the gateway before whatever reads bodies`,
  );
}
