import type { IncomingMessage } from 'node:http';
import { decide, type Decision, type Snapshot } from '../contexts/index.ts';
import { clientAddress, type Trust } from './client-address.ts';
import type { TellDoubt } from './doubts.ts';
import { stripPin } from './strip-pin.ts';

/**
 * Decides on a request under this snapshot. Gathers the facts that the snapshot asks for and no others, tells of a
 * doubtful target, and takes the pin out of the request: no upstream is to see it.
 */
export function decideRequest(
  snapshot: Snapshot,
  request: IncomingMessage,
  { trust, tellDoubt }: { readonly trust: Trust; readonly tellDoubt: TellDoubt },
): Decision {
  const { method, url, headers } = request;
  const address = snapshot.asksAddress ? clientAddress(trust, request) : undefined;
  const now = snapshot.asksTime ? Date.now() : undefined;
  const decision = decide(snapshot, { method: method!, target: url!, headers, address, now });
  if (snapshot.overrides) stripPin(request, snapshot.overrides);
  if (decision.doubt) tellDoubt(decision, decision.doubt, request);
  return decision;
}
