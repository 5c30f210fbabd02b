import { readAbsoluteForm } from './absolute-form.ts';
import { cohortIn, compileCohort, type CohortReader } from './cohort-reader.ts';
import type { CohortConfig, Config } from './config.ts';
import type { Decision, RequestFacts } from './decide.ts';
import type { Match } from './match.ts';
import type { AfterWrite } from './own-writes-config.ts';
import { readTarget } from './read-target.ts';
import { compileRoutes, type RouteTable } from './route-table.ts';
import type { ContextSnapshot, Snapshot } from './snapshot.ts';
import { hasWrote } from './wrote-cookie.ts';

/** How a context's reads follow its writes, as it is decided by. */
export interface Followed {
  /** Milliseconds from the end of a write's answer; undefined: they don't. */
  readonly for: number | undefined;
  readonly reader: CohortReader | undefined;
  /** Routes elsewhere whose requests count; undefined: all unsafe requests that the monolith answers do. */
  readonly routes: RouteTable | undefined;
  /** Whether a request of a safe method may count as a write: one of `routes`. */
  readonly countsSafe: boolean;
  /** Whether the cohort itself is a cookie: then its clients keep cookies. */
  readonly inCookie: boolean;
  /** The most lag, in milliseconds, with which reads leave the monolith; undefined: any. */
  readonly maxLag: number | undefined;
}

/** Undefined where the context asks for nothing of this kind: then no request pays for it. */
export function compileFollowed(config: Config, name: string): Followed | undefined {
  const { afterWrite, maxLag, cohort, routes } = config.contexts[name]!;
  if (!afterWrite && maxLag === undefined) return undefined;
  return {
    for: afterWrite?.for,
    reader: compileCohort({ cohort, routes }, afterWrite?.routes),
    routes: afterWrite?.routes && elsewhereOf(config, name, afterWrite.routes),
    countsSafe: afterWrite?.routes?.some((match) => /^(?:GET|HEAD|OPTIONS|TRACE|\*) /.test(match)) ?? false,
    inCookie: cohort !== undefined && isCookie(cohort),
    maxLag,
  };
}

function isCookie(cohort: CohortConfig): boolean {
  return 'cookie' in cohort || ('jwt' in cohort && 'cookie' in cohort.jwt);
}

/** A table of these routes alone, all of which are writes. */
function elsewhereOf(config: Config, name: string, routes: NonNullable<AfterWrite['routes']>): RouteTable {
  const context = config.contexts[name]!;
  const writes = routes.map((match) => ({ match, kind: 'write' as const }));
  return compileRoutes({ [name]: { ...context, routes: writes } });
}

/** Why a read goes to the owner of the writes: its cohort wrote, nobody knows whether it did, or the lag is too great. */
export type FollowCause = 'write' | 'unknown' | 'lag';

/** Whose own writes are to be looked up before the read may leave the owner of the writes. */
export interface Asked {
  readonly context: string;
  /** Empty for all who say nothing of who they are: they are taken for one. */
  readonly cohort: string;
  /** Whether the cookie, had the cohort written, would have told already. */
  readonly told: boolean;
}

/** What is known of it elsewhere than in the request: `none` is that it did not write. */
export interface Known {
  readonly context: string;
  readonly wrote: 'write' | 'unknown' | 'none';
}

export type Following =
  | { readonly extracted: boolean; readonly reason: string; readonly cause: FollowCause }
  | { readonly asks: Asked }
  | undefined;

/** Whether a read that would go to this side may have to go to the other: it asks for that, and that owns the writes. */
export function mayFollow({ followed, stages }: ContextSnapshot, extracted: boolean): boolean {
  const owner = stages.writes.stage;
  return followed !== undefined && owner !== 'retired' && extracted !== (owner === 'extracted');
}

/**
 * Whether a read that would go to the side that does not own the context's writes has to go to the owner nevertheless.
 * Undefined: it goes where it would. Called for what `mayFollow`, and not for what is killed or pinned by an override.
 */
export function followWrites(
  snapshot: Snapshot,
  { name, followed }: ContextSnapshot,
  match: Match,
  facts: RequestFacts,
  extracted: boolean,
): Following {
  const to = extracted ? 'monolith' : 'extracted';
  // Only what goes from the monolith to the service is measured.
  const behind = extracted ? facts.behind?.get(name) : undefined;
  if (behind !== undefined && followed!.maxLag !== undefined)
    return { extracted: false, reason: `${behind} → monolith`, cause: 'lag' };
  if (followed!.for === undefined) return undefined;
  const known = facts.known?.context === name ? facts.known.wrote : undefined;
  if (known === 'none') return undefined;
  const { headers, now } = facts;
  const cookies = snapshot.wroteCookies;
  if (known === 'write' || (cookies && headers && now !== undefined && hasWrote(cookies, headers, name, now)))
    return { extracted: !extracted, reason: `reads follow a write of this cohort → ${to}`, cause: 'write' };
  if (known === 'unknown')
    return {
      extracted: !extracted,
      reason: `whether this cohort has just written is unknown → ${to}`,
      cause: 'unknown',
    };
  const cohort = facts.cohort || cohortIn(followed!.reader!, facts, match.route, match.target.path) || '';
  return { asks: { context: name, cohort, told: cookies !== undefined && followed!.inCookie } };
}

/** One cohort of one context, and how long (milliseconds) its reads follow the write. */
export interface Writer {
  readonly context: string;
  readonly cohort: string;
  readonly for: number;
  readonly reader: CohortReader;
}

/** Whether a request may be somebody's write: most are not, and cost nothing more. */
export function mayWrite(snapshot: Snapshot, method: string, decision: Decision): boolean {
  return snapshot.followed.length > 0 && (snapshot.countsSafe || isUnsafe(method, decision));
}

/**
 * Who writes with this request: in each context that it affects, its cohort. A context is affected by its own write
 * routes, and while the monolith owns its writes also by unsafe requests that the monolith answers: by those of
 * `afterWrite.routes`, or by all.
 */
export function writersOf(snapshot: Snapshot, received: RequestFacts, decision: Decision): Writer[] {
  const facts = inOriginForm(received);
  const found: Writer[] = [];
  for (const place of snapshot.followed) {
    const { name, followed, stages } = snapshot.inOrder[place]!;
    const { reader, routes } = followed!;
    if (followed!.for === undefined || !reader || stages.writes.stage === 'retired') continue;
    const own = decision.context === name;
    let route = own ? decision.route! : '';
    if (own ? decision.kind !== 'write' : stages.writes.stage !== 'legacy') continue;
    if (!own && routes === undefined && !(isUnsafe(facts.method, decision) && toMonolith(snapshot, decision)))
      continue;
    if (!own && routes !== undefined) {
      const match = readTarget(routes, facts);
      if (!match) continue;
      // A doubtful target may be a write, and so counts as one.
      route = 'route' in match ? match.route : '';
    }
    const path = facts.target.split('?', 1)[0]!;
    const cohort = cohortIn(reader, facts, route, path) ?? '';
    found.push({ context: name, cohort, for: followed!.for, reader });
  }
  return found;
}

function inOriginForm(facts: RequestFacts): RequestFacts {
  const absolute = facts.target.startsWith('/') ? undefined : readAbsoluteForm(facts.target);
  if (!absolute) return facts;
  const { target, authority } = absolute;
  return { ...facts, target: target.startsWith('/') ? target : `/${target}`, host: authority };
}

const toMonolith = ({ monolith }: Snapshot, { upstream }: Decision) => upstream === monolith;

/** RFC 9110 §9.2.1, unless the route that it matches says otherwise. */
function isUnsafe(method: string, { kind }: Decision): boolean {
  if (kind !== undefined) return kind === 'write';
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS' && method !== 'TRACE';
}
