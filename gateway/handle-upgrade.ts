import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Decision, Snapshot } from '../contexts/index.ts';
import { answerUpgrade } from './answer-upgrade.ts';
import { takeAuthority } from './authority.ts';
import { decideRequest } from './decide-request.ts';
import { framingFault } from './framing.ts';
import { answerUpgradeItself } from './own-answer.ts';
import type { Parts } from './parts.ts';
import { refuseUpgrade } from './refusal.ts';
import { seeUpgrade } from './seeing/seeing.ts';

/** A request for an upgrade, with what came behind it. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

/** The way of a WebSocket's upgrade: as a request's, and then a tunnel. With `toMonolith`, the monolith's is its own. */
export function handleUpgrade(parts: Parts, upgrade: Upgrade, toMonolith?: () => void): void {
  const { request, socket } = upgrade;
  const began = performance.now();
  const { config, answering } = parts.running();
  if (!toMonolith && refuseUpgrade(answering, request, socket, config.gateway.limits.fields)) return;
  const snapshot = parts.snapshot();
  const decision = decideRequest(snapshot, request, parts.deciding());
  const asked =
    decision.asks !== undefined &&
    parts.askFirst(request, decision, (next) => {
      if (socket.writable) tunnel(parts, next.snapshot, next.decision, upgrade, began, toMonolith);
      else parts.running().answering.seeing?.gone(request, next.snapshot, next.decision, began);
    });
  if (!asked) tunnel(parts, snapshot, decision, upgrade, began, toMonolith);
}

function tunnel(
  parts: Parts,
  snapshot: Snapshot,
  decision: Decision,
  upgrade: Upgrade,
  began: number,
  toMonolith?: () => void,
): void {
  const { request, socket } = upgrade;
  const { answering, lanes } = parts.running();
  if (decision.follows) parts.followed.followed(decision.context!, decision.follows);
  if (toMonolith && (decision.upstream === snapshot.monolith || framingFault(request))) return toMonolith();
  const sighting = answering.seeing?.begin(request, snapshot, decision, began);
  if (sighting) seeUpgrade(sighting, socket);
  if (decision.answer) {
    if (sighting) sighting.status = decision.answer.status;
    return answerUpgradeItself(parts.metrics, decision, decision.answer, socket);
  }
  if (decision.authority !== undefined) takeAuthority(request, decision.authority);
  void answerUpgrade({ ...answering, lanes }, snapshot, decision, upgrade, toMonolith);
}
