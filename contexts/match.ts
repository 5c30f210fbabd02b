import type { Config, RouteConfig } from './config.ts';
import { parseRewrite, parseRoute, type PatternSegment } from './route-pattern.ts';
import { editsOf, type RouteEdits } from './route-edits.ts';
import type { CanonicalTarget } from './target.ts';

export type Kind = 'read' | 'write';

/** A route that a request matches. */
export interface Match {
  readonly context: string;
  /** As written: `GET /inventory/:sku`. */
  readonly route: string;
  readonly kind: Kind;
  /** What the extracted service gets: the canonical path or the rewrite, and the query untouched. */
  readonly path: string;
  /** Longest body in bytes, where the route has a limit of its own. */
  readonly maxBody: number | undefined;
  /** What the route changes in the extracted service's messages, besides the path. */
  readonly edits: RouteEdits | undefined;
}

interface CompiledRoute {
  readonly context: string;
  readonly route: string;
  readonly kind: Kind | undefined;
  readonly segments: readonly PatternSegment[];
  readonly rewrite: readonly PatternSegment[] | undefined;
  readonly maxBody: number | undefined;
  readonly edits: RouteEdits | undefined;
}

/** All routes of all contexts as a tree of segments, so that matching costs the path's length and no more. */
export interface RouteTree {
  readonly literals: Map<string, RouteTree>;
  name: RouteTree | undefined;
  /** Routes that end in `*` here, by method. */
  readonly rest: Map<string, CompiledRoute>;
  /** Routes that end here, by method. */
  readonly ends: Map<string, CompiledRoute>;
}

const newTree = (): RouteTree => ({ literals: new Map(), name: undefined, rest: new Map(), ends: new Map() });

/** Compiles every context's routes. The config has been checked: a route that can't be read throws. */
export function compileRoutes(contexts: Config['contexts']): RouteTree {
  const root = newTree();
  for (const [name, context] of Object.entries(contexts)) {
    const edits = editsOf(context);
    for (const route of context.routes) addRoute(root, name, route, edits.get(route));
  }
  return root;
}

function addRoute(root: RouteTree, context: string, route: RouteConfig, edits: RouteEdits | undefined): void {
  const pattern = parseRoute(route.match);
  if ('mistake' in pattern) throw new Error(`route '${route.match}': ${pattern.mistake}`);
  const rewrite = route.rewrite === undefined ? undefined : parseRewrite(route.rewrite, pattern);
  if (rewrite && 'mistake' in rewrite) throw new Error(`rewrite '${route.rewrite}': ${rewrite.mistake}`);
  let node = root;
  let routes = node.ends;
  for (const segment of pattern.segments) {
    if (segment.kind === 'rest') {
      routes = node.rest;
      break;
    }
    if (segment.kind === 'name') node = node.name ??= newTree();
    else {
      let child = node.literals.get(segment.text);
      if (!child) node.literals.set(segment.text, (child = newTree()));
      node = child;
    }
    routes = node.ends;
  }
  const { match, kind, maxBody } = route;
  const compiled = { context, route: match, kind, segments: pattern.segments, rewrite, maxBody, edits };
  routes.set(pattern.method, compiled);
}

/**
 * The route that a request matches, or undefined. The most specific wins, segment by segment from the left: a
 * literal before `:name` before `*`; then the method itself before `*`. HEAD also matches routes of GET.
 * GET, HEAD and OPTIONS are reads, everything else is a write, unless the route says otherwise.
 */
export function findRoute(tree: RouteTree, method: string, target: CanonicalTarget): Match | undefined {
  const parts = target.path.slice(1).split('/');
  const found = descend(tree, parts, 0, method);
  if (!found) return undefined;
  return {
    context: found.context,
    route: found.route,
    kind: found.kind ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'write'),
    path: (found.rewrite ? rewritten(found.rewrite, found.segments, parts) : target.path) + target.query,
    maxBody: found.maxBody,
    edits: found.edits,
  };
}

function descend(node: RouteTree, parts: string[], depth: number, method: string): CompiledRoute | undefined {
  const part = parts[depth];
  if (part === undefined) return forMethod(node.ends, method);
  const literal = node.literals.get(part);
  return (
    (literal && descend(literal, parts, depth + 1, method)) ??
    (node.name && part !== '' ? descend(node.name, parts, depth + 1, method) : undefined) ??
    forMethod(node.rest, method)
  );
}

function forMethod(routes: Map<string, CompiledRoute>, method: string): CompiledRoute | undefined {
  return routes.get(method) ?? (method === 'HEAD' ? routes.get('GET') : undefined) ?? routes.get('*');
}

function rewritten(
  rewrite: readonly PatternSegment[],
  segments: readonly PatternSegment[],
  parts: readonly string[],
): string {
  const values = rewrite.map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    if (segment.kind === 'rest') return parts.slice(segments.length - 1).join('/');
    return parts[segments.findIndex((own) => own.kind === 'name' && own.name === segment.name)];
  });
  return `/${values.join('/')}`;
}
