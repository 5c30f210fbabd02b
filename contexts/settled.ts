import { barred, staged } from './by-stage.ts';
import type { Decision } from './decide.ts';
import { kindOf } from './match.ts';
import { mayFollow } from './own-writes.ts';
import type { CompiledRoute } from './route-tree.ts';
import type { Snapshot } from './snapshot.ts';

/** A snapshot whose decisions are still to be made. */
export type Unsettled = Omit<Snapshot, 'settled' | 'unmatched'>;

/**
 * The snapshot with every decision made beforehand that needs no more of a request than its route, for requests to
 * share: each then costs no more than finding its route, and nothing has to be made for it.
 */
export function settle(unsettled: Unsettled): Snapshot {
  const settled = unsettled.routes.all.map((route) => settledOf(unsettled, route));
  const { monolith: upstream, revision } = unsettled;
  const unmatched = Object.freeze({ upstream, reason: 'no route matches → monolith', revision });
  return Object.freeze({ ...unsettled, settled, unmatched });
}

/** The decision on all requests that match the route by a canonical target; undefined where they differ. */
function settledOf(unsettled: Unsettled, route: CompiledRoute): Decision | undefined {
  // A route of any method has reads and writes, unless it says what they are.
  if (route.method === '*' && route.kind === undefined) return undefined;
  const kind = kindOf(route, route.method);
  const context = unsettled.inOrder[route.place]!;
  const isRetired = context.stages[`${kind}s`].stage === 'retired';
  const routed = { ...route, kind };
  const decision =
    barred(unsettled, context, routed, undefined) ??
    (isRetired ? undefined : staged(unsettled, context, routed));
  // Such a read depends on who has written, or on the lag.
  if (kind === 'read' && decision && !decision.answer && !context.killed)
    if (mayFollow(context, decision.upstream === context.upstream)) return undefined;
  const rewrites =
    route.rewrite !== undefined && (decision?.upstream === context.upstream || decision?.shadow);
  return rewrites ? undefined : decision && Object.freeze(decision);
}
