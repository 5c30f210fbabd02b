import type { Asked } from './conditions.ts';
import type { RequestFacts } from './decide.ts';
import { hostOf } from './host.ts';
import { findRoute, matchOf, NO_FIELDS, NOTHING_ASKED, ownerOf, rewritten, type Match } from './match.ts';
import { readQuery } from './query.ts';
import { readingsOf } from './readings.ts';
import { decoded, decodedFolded, endsInSlash, type RouteTable } from './route-table.ts';
import type { CompiledRoute } from './route-tree.ts';
import {
  describeOddity,
  ENDS_IN_SLASH,
  HAS_CAPITALS,
  oddityOf,
  resolveDots,
  respellEscapes,
  scanTarget,
  splitTarget,
  type CanonicalTarget,
  type Oddity,
} from './target.ts';

/** What makes a target doubtful. */
export type DoubtKind = Oddity | keyof typeof LENIENCE;

/** Why a target may be one of a context and may be something else. */
export interface Doubt {
  readonly kind: DoubtKind;
  /** A context that a reading brings it to; empty where there are too many readings to look at. */
  readonly context: string;
  /** For people: `it has an empty segment (//): read as /inventory/1 it is 'GET /inventory/:sku' of 'inventory', …`. */
  readonly words: string;
}

/** What isn't odd to look at, and is read in different ways nevertheless. */
const LENIENCE = {
  case: 'some servers take upper and lower case for one',
  'trailing-slash': 'some servers overlook a slash at the end',
  query: 'servers differ in which of several values of a parameter counts, and in whether ; separates two',
  user: 'its authority names a user, or no host',
  'too-many-readings': 'it has more readings than are looked at',
} as const;

/** Some servers refuse these, so that one reading of them is none at all. */
const REFUSED: ReadonlySet<DoubtKind | undefined> = new Set([
  'control',
  'bad-escape',
  'fragment',
  'out-of-root',
  'overlong',
  'user',
]);

const NO_QUERY = NOTHING_ASKED.query;

/** What `findPlain` says of a target that no route matches, and of one that needs a closer look. */
export const NO_ROUTE = -1;
export const UNPLAIN = -2;

/**
 * The place among all routes of the one of a target that all servers read alike and is canonical as it came, as nearly all
 * are. Neither is anything made for it nor the route itself looked at.
 */
export function findPlain(table: RouteTable, facts: RequestFacts): number {
  const { method, target } = facts;
  const scanned = scanTarget(target);
  if (scanned < 0) return UNPLAIN;
  const length = scanned >> 2;
  let asked = NOTHING_ASKED;
  if (table.asksFields || table.asksQuery !== undefined) {
    const readings = askedOf(table, facts, target.slice(length));
    if (readings.length > 1) return UNPLAIN;
    asked = readings[0]!;
  }
  const route = findRoute(table.exact, hostIn(table, facts), method, target, length, asked);
  return isLenient(table, scanned, route >= 0) ? UNPLAIN : route;
}

/** Whether some servers would take a path that is plain for another one. */
function isLenient(table: RouteTable, scanned: number, found: boolean): boolean {
  if ((scanned & ENDS_IN_SLASH) !== 0 || table.endsInSlash) return true;
  const capitals = (scanned & HAS_CAPITALS) !== 0;
  return found ? capitals && table.foldsApart : capitals || table.hasCapitals;
}

/**
 * The route that a request matches, undefined where no reading of its target is one of a route's, or the doubt that there
 * is where servers in use read it in ways of which not all lead to the same context (and to a read, or a write).
 * `userNamed`: the target came with an authority that servers may not take.
 */
export function readTarget(
  table: RouteTable,
  facts: RequestFacts,
  userNamed = false,
): Match | Doubt | undefined {
  const { path, query } = splitTarget(facts.target);
  const odd = oddityOf(path);
  if (odd === 'no-path') return undefined;
  const canonical = { path: resolveDots(respellEscapes(path)), query };
  const paths = odd === undefined ? [canonical.path] : readingsOf(path);
  if (paths === undefined)
    return { kind: 'too-many-readings', context: '', words: LENIENCE['too-many-readings'] };
  const asked =
    table.asksFields || table.asksQuery !== undefined ? askedOf(table, facts, query) : [NOTHING_ASKED];
  return weigh(table, facts, hostIn(table, facts), canonical, paths, asked, userNamed ? 'user' : odd);
}

/** The host that is asked, where routes tell hosts apart. */
function hostIn({ asksHost }: RouteTable, { host, headers }: RequestFacts): string | undefined {
  return asksHost ? hostOf(host ?? textOf(headers?.['host'])) : undefined;
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value;
}

/** What routes may ask for, once for each reading of the query. */
function askedOf({ asksQuery }: RouteTable, { headers = NO_FIELDS }: RequestFacts, query: string): Asked[] {
  if (asksQuery === undefined) return [{ headers, query: NO_QUERY }];
  return readQuery(query, asksQuery).map((reading) => ({ headers, query: reading }));
}

/** Looks each reading up. `kind` says what makes the path odd, if anything does. */
function weigh(
  table: RouteTable,
  { method }: RequestFacts,
  host: string | undefined,
  canonical: CanonicalTarget,
  paths: readonly string[],
  queries: readonly Asked[],
  kind: DoubtKind | undefined,
): Match | Doubt | undefined {
  let own: CompiledRoute | undefined;
  let first: string | undefined;
  const served = new Set<string>();
  let rewrites = false;
  const differs = (route: CompiledRoute | undefined) =>
    (route && ownerOf(route, method)) !== (own && ownerOf(own, method));
  const doubt = (why: DoubtKind, route: CompiledRoute | undefined, path: string): Doubt => ({
    kind: why,
    context: (own ?? route)!.context,
    words: `${wordsOf(why)}: ${readAs(first!, own)}, ${readAs(path, route)}`,
  });

  for (const [turn, asked] of queries.entries()) {
    for (const path of paths) {
      const route = table.all[findRoute(table.exact, host, method, path, path.length, asked, decoded)];
      if (first === undefined) {
        first = path;
        own = route;
      } else if (differs(route)) return doubt(turn > 0 ? 'query' : kind!, route, path);
      if (route) served.add(route.rewrite ? rewritten(route, path) : path);
      rewrites ||= route?.rewrite !== undefined;
    }
    // Whoever is lenient looks for what is there: that a path so read may match nothing says nothing.
    for (const path of paths) {
      for (const [why, route, read] of lenient(table, host, method, path, asked))
        if (differs(route)) return doubt(why, route, read);
    }
  }
  if (own === undefined) return undefined;
  if (REFUSED.has(kind))
    return {
      kind: kind!,
      context: own.context,
      words: `${wordsOf(kind!)}: ${readAs(first!, own)}, and some servers refuse it`,
    };
  const match = matchOf(own, method, canonical);
  // A rewrite may let a reading loose that the route holds: what comes of it has to be what comes of one of the readings.
  if (kind !== undefined && rewrites) {
    const path = match.path.slice(0, match.path.length - canonical.query.length);
    if (!(readingsOf(path) ?? ['']).every((reading) => served.has(reading)))
      return {
        kind,
        context: own.context,
        words: `${wordsOf(kind)}: as ${path} the service could read what no route is`,
      };
  }
  return match;
}

/** What lenient servers would find beside what the path itself says. */
function* lenient(
  table: RouteTable,
  host: string | undefined,
  method: string,
  path: string,
  asked: Asked,
): Generator<readonly [DoubtKind, CompiledRoute, string]> {
  const find = (text: string) =>
    table.all[findRoute(table.folded, host, method, text, text.length, asked, decodedFolded)];
  const folded = find(path);
  if (folded) yield ['case', folded, path];
  if (path.length > 1 && path.endsWith('/')) {
    const shorter = path.slice(0, -1);
    const route = find(shorter);
    if (route) yield ['trailing-slash', route, shorter];
  } else if (table.endsInSlash) {
    const longer = `${path}/`;
    const route = find(longer);
    if (route && endsInSlash(route)) yield ['trailing-slash', route, longer];
  }
}

function wordsOf(kind: DoubtKind): string {
  return Object.hasOwn(LENIENCE, kind)
    ? LENIENCE[kind as keyof typeof LENIENCE]
    : describeOddity(kind as Oddity);
}

function readAs(path: string, route: CompiledRoute | undefined): string {
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  return route
    ? `read as ${shown} it is '${route.route}' of '${route.context}'`
    : `read as ${shown} it is none`;
}
