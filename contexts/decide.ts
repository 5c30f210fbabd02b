import { readAbsoluteForm } from './absolute-form.ts';
import { barred, decisionOf, staged } from './by-stage.ts';
import { decideCanary } from './canary.ts';
import type { RequestFields } from './cohort.ts';
import { matchOf, type Kind, type Match } from './match.ts';
import { followWrites, mayFollow, type Asked, type FollowCause, type Known } from './own-writes.ts';
import { pinOf, type Pin } from './pin.ts';
import { findPlain, NO_ROUTE, readTarget, UNPLAIN, type Doubt } from './read-target.ts';
import type { OwnAnswer } from './retired.ts';
import type { RouteEdits } from './route-edits.ts';
import type { ContextSnapshot, Snapshot } from './snapshot.ts';
import { splitTarget } from './target.ts';

/** What a decision depends on besides the snapshot. */
export interface RequestFacts {
  /** In capitals, as it stands in the request. */
  readonly method: string;
  /** The request target as received: path and query. */
  readonly target: string;
  /** The request's fields, names in lower case; the cohort is read from them, and what routes ask for. */
  readonly headers?: RequestFields;
  /** The host, where it isn't that of the `Host` field. */
  readonly host?: string | undefined;
  /** The cohort itself, where it is known without the fields; it goes before them, unless it is empty. */
  readonly cohort?: string | undefined;
  /** The resolved client address, where the snapshot asks for it. */
  readonly address?: string | undefined;
  /** Milliseconds since 1970, where the snapshot asks for it; without it no pin is good, and no JWT that is verified. */
  readonly now?: number | undefined;
  /** Contexts whose lag is above their `maxLag`, or unknown, with the reason; where it is left out, no lag is too great. */
  readonly behind?: ReadonlyMap<string, string> | undefined;
  /** Whether the cohort has just written, where that was looked up because a decision asked for it. */
  readonly known?: Known | undefined;
}

/** Where one request goes, and why. Requests that are decided alike may share one, frozen. */
export interface Decision {
  /** Name of the upstream; empty where the gateway itself answers. */
  readonly upstream: string;
  /** The context and route that it matches; absent when it matches none. */
  readonly context?: string;
  readonly route?: string;
  readonly kind?: Kind;
  /** For people: `reads canary 25 %: cohort 0.1731 < 0.25 → extracted`. */
  readonly reason: string;
  readonly revision: number;
  /** The request target for the upstream; undefined where that is the one received, byte for byte, as for the monolith. */
  readonly path?: string | undefined;
  /** Of a read in stage `shadow`: the extracted service, and the request target that a copy for it would have, as above. */
  readonly shadow?: {
    readonly upstream: string;
    readonly path?: string | undefined;
    readonly edits?: RouteEdits | undefined;
  };
  /** The cohort's cookie, where the request lacks it and the gateway may give one with the answer. */
  readonly issue?: string;
  /** Whether the answer must not be kept by a shared cache: other cohorts are answered by somebody else. */
  readonly private?: true;
  /** What the gateway itself answers, where no upstream is asked. */
  readonly answer?: OwnAnswer;
  /** Longest body in bytes, where the route has a limit of its own. */
  readonly maxBody?: number | undefined;
  /** What the route changes in the extracted service's messages; undefined for the monolith's. */
  readonly edits?: RouteEdits | undefined;
  /** Why the target may be one of a context and may be something else; it stays out of every context then. */
  readonly doubt?: Doubt;
  /** Why a read goes to the owner of the writes and not where its stage says. */
  readonly follows?: FollowCause;
  /** The read may go to `upstream` only if this cohort hasn't just written; whoever knows decides again with `known`. */
  readonly asks?: Asked;
  /** Of a target in absolute-form: what the upstream's `Host` field has to be (RFC 9112 §3.2.2). */
  readonly authority?: string;
}

/** Decides on one request. Pure: the same snapshot and facts give the same decision on every gateway. */
export function decide(snapshot: Snapshot, facts: RequestFacts): Decision {
  if (facts.target.charCodeAt(0) === 47) return decideTarget(snapshot, facts, false);
  const absolute = readAbsoluteForm(facts.target);
  if (!absolute) return decideTarget(snapshot, facts, false);
  const { authority, target, odd } = absolute;
  // RFC 9112 §3.2.4: OPTIONS of a URL without a path asks for the server as a whole, which is no context's.
  if (target === '' && facts.method === 'OPTIONS')
    return { ...decideTarget(snapshot, facts, false), authority };
  const inner = { ...facts, target: target.startsWith('/') ? target : `/${target}`, host: authority };
  const decision = decideTarget(snapshot, inner, odd);
  const { shadow } = decision;
  const asReceived = decision.upstream === snapshot.monolith || decision.upstream === '';
  return {
    ...decision,
    authority,
    path: asReceived ? undefined : (decision.path ?? inner.target),
    ...(shadow && { shadow: { ...shadow, path: shadow.path ?? inner.target } }),
  };
}

function decideTarget(snapshot: Snapshot, facts: RequestFacts, userNamed: boolean): Decision {
  const plain = userNamed ? UNPLAIN : findPlain(snapshot.routes, facts);
  if (plain === NO_ROUTE) return snapshot.unmatched;
  if (plain !== UNPLAIN) {
    const settled = snapshot.settled[plain];
    if (settled && !(snapshot.overrides && pinIn(snapshot, settled.context!, facts))) return settled;
    const route = snapshot.routes.all[plain]!;
    return decideMatch(snapshot, facts, matchOf(route, facts.method, splitTarget(facts.target)));
  }
  const match = readTarget(snapshot.routes, facts, userNamed);
  if (match === undefined) return snapshot.unmatched;
  return 'words' in match ? decideDoubt(snapshot, match) : decideMatch(snapshot, facts, match);
}

function decideMatch(snapshot: Snapshot, facts: RequestFacts, match: Match): Decision {
  const context = snapshot.inOrder[match.place]!;
  const pin = match.kind === 'read' ? pinIn(snapshot, match.context, facts) : undefined;
  const above = barred(snapshot, context, match, match.target, pin ? ' (its pin is ignored)' : '');
  if (above) return above;
  if (pin) {
    const extracted = pin.side === 'extracted';
    const until = new Date(pin.until).toISOString();
    const reason = `reads pinned to ${pin.side} until ${until} → ${extracted ? 'extracted' : 'monolith'}`;
    return { ...decisionOf(snapshot, context, match, { extracted, reason }), private: true };
  }
  const decision = staged(snapshot, context, match) ?? decideInCanary(snapshot, context, match, facts);
  const extracted = decision.upstream !== snapshot.monolith;
  if (match.kind === 'write' || !mayFollow(context, extracted)) return decision;
  const following = followWrites(snapshot, context, match, facts, extracted);
  if (following === undefined) return decision;
  if ('asks' in following) return { ...decision, asks: following.asks };
  const owned = decisionOf(snapshot, context, match, following);
  return { ...owned, ...(snapshot.keepsPrivate ? { private: true } : {}), follows: following.cause };
}

function decideInCanary(
  snapshot: Snapshot,
  context: ContextSnapshot,
  match: Match,
  facts: RequestFacts,
): Decision {
  const verdict = decideCanary(context.canary!, facts, match.route, match.target.path);
  const { cohort } = context;
  const issue = verdict.nobody && cohort && 'issue' in cohort && cohort.issue ? cohort.cookie : undefined;
  const sided = decisionOf(snapshot, context, match, verdict);
  if (issue === undefined && !snapshot.keepsPrivate) return sided;
  return {
    ...sided,
    ...(issue === undefined ? {} : { issue }),
    ...(snapshot.keepsPrivate ? { private: true } : {}),
  };
}

function pinIn({ overrides }: Snapshot, context: string, { headers, now }: RequestFacts): Pin | undefined {
  return overrides && headers && now !== undefined ? pinOf(overrides, headers, context, now) : undefined;
}

/** No context gets a doubtful target: the monolith knows best what it has always been, unless that is forbidden. */
function decideDoubt({ monolith, revision, targets }: Snapshot, doubt: Doubt): Decision {
  const reason = `the target is doubtful, ${doubt.words}`;
  return targets === 'report'
    ? { upstream: monolith, reason: `${reason} → monolith`, revision, doubt }
    : { upstream: '', reason: `${reason} → refused`, revision, answer: REFUSED, doubt };
}

const REFUSED: OwnAnswer = { status: 400, fields: {} };
