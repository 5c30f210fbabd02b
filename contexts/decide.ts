import { readAbsoluteForm } from './absolute-form.ts';
import { decideCanary } from './canary.ts';
import type { RequestFields } from './cohort.ts';
import { decideKilled } from './kill.ts';
import type { Kind, Match } from './match.ts';
import { pinOf, type Pin } from './pin.ts';
import { readTarget, type Doubt } from './read-target.ts';
import { retiredAnswer, type OwnAnswer } from './retired.ts';
import type { RouteEdits } from './route-edits.ts';
import type { ContextSnapshot, Snapshot } from './snapshot.ts';

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
}

/** Where one request goes, and why. */
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
  /** The request target for the upstream: the monolith gets it byte for byte as received. */
  readonly path: string;
  /** Of a read in stage `shadow`: the extracted service, and the request target that a copy for it would have. */
  readonly shadow?: {
    readonly upstream: string;
    readonly path: string;
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
  const asReceived = decision.upstream === snapshot.monolith || decision.upstream === '';
  return { ...decision, authority, path: asReceived ? facts.target : decision.path };
}

function decideTarget(snapshot: Snapshot, facts: RequestFacts, userNamed: boolean): Decision {
  const match = readTarget(snapshot.routes, facts, userNamed);
  if (match && 'words' in match) return decideDoubt(snapshot, facts, match);
  const context = match && snapshot.inOrder[match.place];
  if (!context) return toMonolith(snapshot, facts, 'no route matches → monolith');
  const pin = match.kind === 'read' ? pinIn(snapshot, match.context, facts) : undefined;
  const stage = match.kind === 'write' ? context.stages.writes.stage : context.stages.reads.stage;
  if (stage === 'retired') {
    const { context: name, route, kind } = match;
    const answer = retiredAnswer(context.retired, kind, route, match.target);
    const how = `${answer.fields['location'] === undefined ? '' : 'redirect '}${answer.status}`;
    const reason = `${kind}s retired${pin ? IGNORED : ''} → ${how}`;
    const { revision } = snapshot;
    return { upstream: '', context: name, route, kind, reason, revision, path: facts.target, answer };
  }
  // After what is retired, which no kill brings back; above everything else.
  const killed = context.killed && decideKilled(snapshot, context, match, facts.target);
  if (killed) return pin ? { ...killed, reason: `${killed.reason}${IGNORED}` } : killed;
  if (pin) {
    const extracted = pin.side === 'extracted';
    const until = new Date(pin.until).toISOString();
    const reason = `reads pinned to ${pin.side} until ${until} → ${extracted ? 'extracted' : 'monolith'}`;
    return { ...decisionOf(snapshot, context, match, facts, { extracted, reason }), private: true };
  }
  if (stage === 'shadow') {
    return {
      upstream: snapshot.monolith,
      context: match.context,
      route: match.route,
      kind: match.kind,
      reason: 'reads shadow → monolith',
      revision: snapshot.revision,
      path: facts.target,
      maxBody: match.maxBody,
      shadow: { upstream: context.upstream, path: match.path, edits: match.edits },
    };
  }
  if (stage === 'canary') {
    const verdict = decideCanary(context.canary!, facts, match.route, match.target.path);
    const decision = decisionOf(snapshot, context, match, facts, verdict);
    const { cohort } = context;
    const issue = verdict.nobody && cohort && 'issue' in cohort && cohort.issue ? cohort.cookie : undefined;
    if (issue === undefined && !snapshot.keepsPrivate) return decision;
    return {
      ...decision,
      ...(issue === undefined ? {} : { issue }),
      ...(snapshot.keepsPrivate ? { private: true } : {}),
    };
  }
  const verdict = match.kind === 'write' ? decideWrite(context) : decideRead(context);
  return decisionOf(snapshot, context, match, facts, verdict);
}

const IGNORED = ' (its pin is ignored)';

function pinIn({ overrides }: Snapshot, context: string, { headers, now }: RequestFacts): Pin | undefined {
  return overrides && headers && now !== undefined ? pinOf(overrides, headers, context, now) : undefined;
}

function decisionOf(
  snapshot: Snapshot,
  context: ContextSnapshot,
  match: Match,
  facts: RequestFacts,
  { extracted, reason }: Verdict,
): Decision {
  return {
    upstream: extracted ? context.upstream : snapshot.monolith,
    context: match.context,
    route: match.route,
    kind: match.kind,
    reason,
    revision: snapshot.revision,
    path: extracted ? match.path : facts.target,
    maxBody: match.maxBody,
    edits: extracted ? match.edits : undefined,
  };
}

interface Verdict {
  readonly extracted: boolean;
  readonly reason: string;
}

/** Writes have one owner and move as a whole. */
function decideWrite({ stages }: ContextSnapshot): Verdict {
  return stages.writes.stage === 'extracted'
    ? { extracted: true, reason: 'writes extracted → extracted' }
    : { extracted: false, reason: 'writes legacy → monolith' };
}

function decideRead({ stages }: ContextSnapshot): Verdict {
  return stages.reads.stage === 'extracted'
    ? { extracted: true, reason: 'reads extracted → extracted' }
    : { extracted: false, reason: 'reads legacy → monolith' };
}

function toMonolith(snapshot: Snapshot, facts: RequestFacts, reason: string): Decision {
  return { upstream: snapshot.monolith, reason, revision: snapshot.revision, path: facts.target };
}

/** No context gets a doubtful target: the monolith knows best what it has always been, unless that is forbidden. */
function decideDoubt(snapshot: Snapshot, facts: RequestFacts, doubt: Doubt): Decision {
  const reason = `the target is doubtful, ${doubt.words}`;
  if (snapshot.targets === 'report') return { ...toMonolith(snapshot, facts, `${reason} → monolith`), doubt };
  return { ...toMonolith(snapshot, facts, `${reason} → refused`), upstream: '', answer: REFUSED, doubt };
}

const REFUSED: OwnAnswer = { status: 400, fields: {} };
