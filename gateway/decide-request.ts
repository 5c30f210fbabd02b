import type { IncomingMessage } from 'node:http';
import { decide, type Decision, type Known, type RequestFacts, type Snapshot } from '../contexts/index.ts';
import { clientAddress, type Trust } from './client-address.ts';
import type { TellDoubt } from './doubts.ts';
import { stripPin } from './strip-pin.ts';
import { stripWrote } from './own-writes/strip-wrote.ts';

export interface Deciding {
  readonly trust: Trust;
  readonly tellDoubt: TellDoubt;
  /** Contexts whose lag is too great. */
  readonly behind: () => ReadonlyMap<string, string>;
}

/**
 * Decides on a request under this snapshot. Gathers the facts that the snapshot asks for and no others, tells of a
 * doubtful target, and takes the pin out of the request: no upstream is to see it.
 */
export function decideRequest(snapshot: Snapshot, request: IncomingMessage, deciding: Deciding): Decision {
  const decision = decide(snapshot, factsOf(snapshot, request, deciding));
  if (snapshot.overrides) stripPin(request, snapshot.overrides);
  if (snapshot.wroteCookies) stripWrote(request, snapshot.wroteCookies);
  if (decision.doubt) deciding.tellDoubt(decision, decision.doubt, request);
  return decision;
}

/** Decides once more on a request that was decided on before, now that it is known whether its cohort has written. */
export function decideAgain(
  snapshot: Snapshot,
  request: IncomingMessage,
  deciding: Deciding,
  known: Known,
): Decision {
  return decide(snapshot, { ...factsOf(snapshot, request, deciding), known });
}

export function factsOf(
  snapshot: Snapshot,
  request: IncomingMessage,
  { trust, behind }: Pick<Deciding, 'trust' | 'behind'>,
): RequestFacts {
  const { method, url, headers } = request;
  return {
    method: method!,
    target: url!,
    headers,
    address: snapshot.asksAddress ? clientAddress(trust, request) : undefined,
    now: snapshot.asksTime ? Date.now() : undefined,
    behind: snapshot.asksLag ? behind() : undefined,
  };
}
