import { meets, weight, type Asked, type Condition } from './conditions.ts';
import type { Kind } from './match.ts';
import type { RouteEdits } from './route-edits.ts';
import type { PatternSegment } from './route-pattern.ts';

/** A route as the gateway matches it. What every request looks at stands first. */
export interface CompiledRoute {
  readonly method: string;
  /** Undefined where it asks for nothing but method, host and path. */
  readonly conditions: readonly Condition[] | undefined;
  /** The next route of the same path, which is less specific. */
  next: CompiledRoute | undefined;
  readonly context: string;
  /** The context's place among all of the config. */
  readonly place: number;
  /** As written: `GET /inventory/:sku`. */
  readonly route: string;
  readonly kind: Kind | undefined;
  readonly rewrite: readonly PatternSegment[] | undefined;
  readonly maxBody: number | undefined;
  readonly edits: RouteEdits | undefined;
  readonly segments: readonly PatternSegment[];
  readonly host: string | undefined;
  /** Equal for routes that treat their requests alike, whatever they match and rewrite. */
  readonly traits: string;
}

/**
 * Routes by the segments of their paths, so that matching costs the path's length and no more. Among thousands of
 * routes the time goes into memory that isn't at hand. So an only literal needs no map, what isn't there takes no room,
 * and `initials` keeps a value of `:name` from being looked for among the literals beside it.
 */
export interface RouteTree {
  /** One bit for each character that a literal begins with (its code modulo 32); for the empty literal, that of NUL. */
  initials: number;
  /** The first literal, and what follows it. */
  literal: string | undefined;
  next: RouteTree | undefined;
  /** All of them, where there are several. */
  literals: Map<string, RouteTree> | undefined;
  name: RouteTree | undefined;
  /** Routes that end here, the most specific first. */
  ends: CompiledRoute | undefined;
  /** Routes that end in `*` here, likewise. */
  rest: CompiledRoute | undefined;
}

export const newTree = (): RouteTree => ({
  initials: 0,
  literal: undefined,
  next: undefined,
  literals: undefined,
  name: undefined,
  ends: undefined,
  rest: undefined,
});

/** What a segment is compared as: as it stands, decoded, or decoded without regard to case. */
export type Spelling = (segment: string) => string;

/** Puts a route in its place. `spelling` is what literals are compared as. */
export function addToTree(root: RouteTree, route: CompiledRoute, spelling: Spelling): void {
  let node = root;
  for (const segment of route.segments) {
    if (segment.kind === 'rest') {
      node.rest = inserted(node.rest, { ...route });
      return;
    }
    if (segment.kind === 'name') node = node.name ??= newTree();
    else node = childOf(node, spelling(segment.text));
  }
  node.ends = inserted(node.ends, { ...route });
}

function childOf(node: RouteTree, text: string): RouteTree {
  const known = literalsOf(node).get(text);
  if (known) return known;
  const child = newTree();
  node.initials |= text === '' ? 1 : 1 << text.charCodeAt(0);
  if (node.next === undefined) [node.literal, node.next] = [shared(text), child];
  else (node.literals ??= new Map([[node.literal!, node.next]])).set(shared(text), child);
  return child;
}

/** What follows each literal of a node. */
export function literalsOf({ literals, literal, next }: RouteTree): ReadonlyMap<string, RouteTree> {
  return literals ?? new Map(next && literal !== undefined ? [[literal, next]] : []);
}

/** Equal texts as one: among many contexts the same words come again and again. */
function shared(text: string): string {
  let known = texts.get(text);
  if (known === undefined) texts.set(text, (known = text));
  return known;
}
const texts = new Map<string, string>();

/** Of one path the method itself comes before GET for HEAD before `*`, and of one method whatever asks more. */
function inserted(first: CompiledRoute | undefined, route: CompiledRoute): CompiledRoute {
  if (first !== undefined && !isBefore(route, first)) {
    first.next = inserted(first.next, route);
    return first;
  }
  route.next = first;
  return route;
}

function isBefore(one: CompiledRoute, other: CompiledRoute): boolean {
  return rank(one) !== rank(other) ? rank(one) < rank(other) : asks(one) > asks(other);
}

const rank = ({ method }: CompiledRoute) => (method === '*' ? 2 : method === 'GET' ? 1 : 0);
const asks = ({ conditions = [] }: CompiledRoute) => weight(conditions);

/**
 * The route that wins in this tree, or undefined: segment by segment from the left a literal before `:name` before `*`.
 * `at` is where the segment begins; `spelling` is none for a path in which nothing is to be decoded.
 */
export function findInTree(
  node: RouteTree,
  path: string,
  at: number,
  method: string,
  asked: Asked,
  spelling: Spelling | undefined,
): CompiledRoute | undefined {
  const slash = path.indexOf('/', at);
  const end = slash < 0 ? path.length : slash;
  const literal =
    spelling === undefined ? literalAt(node, path, at, end) : spelledAt(node, path.slice(at, end), spelling);
  if (literal !== undefined) {
    const found =
      slash < 0
        ? firstOf(literal.ends, method, asked)
        : findInTree(literal, path, slash + 1, method, asked, spelling);
    if (found !== undefined) return found;
  }
  const { name } = node;
  if (name !== undefined && at !== end) {
    const found =
      slash < 0
        ? firstOf(name.ends, method, asked)
        : findInTree(name, path, slash + 1, method, asked, spelling);
    if (found !== undefined) return found;
  }
  return node.rest === undefined ? undefined : firstOf(node.rest, method, asked);
}

function literalAt(node: RouteTree, path: string, at: number, end: number): RouteTree | undefined {
  if ((node.initials & (at === end ? 1 : 1 << path.charCodeAt(at))) === 0) return undefined;
  if (node.literals !== undefined) return node.literals.get(path.slice(at, end));
  const literal = node.literal!;
  return literal.length === end - at && path.startsWith(literal, at) ? node.next : undefined;
}

function spelledAt(node: RouteTree, part: string, spelling: Spelling): RouteTree | undefined {
  const text = spelling(part);
  return node.literals === undefined
    ? text === node.literal
      ? node.next
      : undefined
    : node.literals.get(text);
}

function firstOf(first: CompiledRoute | undefined, method: string, asked: Asked): CompiledRoute | undefined {
  for (let route = first; route !== undefined; route = route.next) {
    if (route.method !== method && route.method !== '*' && !(method === 'HEAD' && route.method === 'GET'))
      continue;
    if (route.conditions === undefined || meets(route.conditions, asked)) return route;
  }
  return undefined;
}
