import { weight, type Condition } from './conditions.ts';
import type { Kind } from './match.ts';
import type { RouteEdits } from './route-edits.ts';
import type { PatternSegment } from './route-pattern.ts';

/** A route as the gateway knows it. */
export interface CompiledRoute {
  /** Its place among all routes. */
  readonly index: number;
  readonly method: string;
  /** Undefined where it asks for nothing but method, host and path. */
  readonly conditions: readonly Condition[] | undefined;
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

/** Routes by the segments of their paths, so that matching costs the path's length and no more. */
export interface RouteTree {
  readonly literals: Map<string, RouteTree>;
  name: RouteTree | undefined;
  /** Routes that end here, the most specific first. */
  readonly ends: CompiledRoute[];
  /** Routes that end in `*` here, likewise. */
  readonly rest: CompiledRoute[];
}

/** What a segment is compared as: as it stands, decoded, or decoded without regard to case. */
export type Spelling = (segment: string) => string;

/** `spelling` is what literals are compared as. */
export function treeOf(routes: readonly CompiledRoute[], spelling: Spelling): RouteTree {
  const root = newTree();
  for (const route of routes) add(root, route, spelling);
  return root;
}

const newTree = (): RouteTree => ({ literals: new Map(), name: undefined, ends: [], rest: [] });

function add(root: RouteTree, route: CompiledRoute, spelling: Spelling): void {
  let node = root;
  for (const segment of route.segments) {
    if (segment.kind === 'rest') return insert(node.rest, route);
    if (segment.kind === 'name') node = node.name ??= newTree();
    else {
      const text = spelling(segment.text);
      let child = node.literals.get(text);
      if (!child) node.literals.set(text, (child = newTree()));
      node = child;
    }
  }
  insert(node.ends, route);
}

/** Of one path the method itself comes before GET for HEAD before `*`, and of one method whatever asks more. */
function insert(routes: CompiledRoute[], route: CompiledRoute): void {
  const at = routes.findIndex((other) => isBefore(route, other));
  routes.splice(at < 0 ? routes.length : at, 0, route);
}

function isBefore(one: CompiledRoute, other: CompiledRoute): boolean {
  return rank(one) !== rank(other) ? rank(one) < rank(other) : asks(one) > asks(other);
}

const rank = ({ method }: CompiledRoute) => (method === '*' ? 2 : method === 'GET' ? 1 : 0);
const asks = ({ conditions = [] }: CompiledRoute) => weight(conditions);
