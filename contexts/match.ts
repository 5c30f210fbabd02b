import type { RouteEdits } from './route-edits.ts';
import type { RequestFields } from './cohort.ts';
import type { Asked } from './conditions.ts';
import type { HostTrees } from './route-table.ts';
import { findInTree } from './flat-tree.ts';
import type { CompiledRoute, Spelling } from './route-tree.ts';
import type { CanonicalTarget } from './target.ts';

export type Kind = 'read' | 'write';

/** A route that a request matches. */
export interface Match {
  readonly context: string;
  /** The context's place among all of the config. */
  readonly place: number;
  /** As written: `GET /inventory/:sku`. */
  readonly route: string;
  readonly kind: Kind;
  /** What the extracted service gets: the canonical path or the rewrite, and the query untouched. */
  readonly path: string;
  /** Longest body in bytes, where the route has a limit of its own. */
  readonly maxBody: number | undefined;
  /** What the route changes in the extracted service's messages, besides the path. */
  readonly edits: RouteEdits | undefined;
  /** What was matched. */
  readonly target: CanonicalTarget;
}

/**
 * Who a route's requests belong to: another context is another owner, and so is a write beside a read, and a route with
 * a limit beside one without.
 */
export function ownerOf(route: CompiledRoute, method: string): string {
  return `${kindOf(route, method)} ${route.context} ${route.traits}`;
}

/** GET, HEAD and OPTIONS are reads, everything else is a write, unless the route says otherwise. */
export function kindOf({ kind }: Pick<CompiledRoute, 'kind'>, method: string): Kind {
  return kind ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'write');
}

export const NO_FIELDS: RequestFields = {};
const NO_QUERY: ReadonlyMap<string, string> = new Map();
/** For a table of which no route asks for anything. */
export const NOTHING_ASKED: Asked = { headers: NO_FIELDS, query: NO_QUERY };

/**
 * The place among all routes of the one that wins, or -1. First the host decides, its own name before the longest
 * `*.domain` before none; then the path, segment by segment from the left, a literal before `:name` before `*`; then the
 * method itself before `*`, HEAD also matching routes of GET; then whatever asks more of header and query. `length` is
 * where the path ends; what follows it isn't looked at.
 */
export function findRoute(
  trees: HostTrees,
  host: string | undefined,
  method: string,
  path: string,
  length: number,
  asked: Asked,
  spelling?: Spelling,
): number {
  if (host !== undefined) {
    const own = trees.hosts.get(host);
    const found = own ? findInTree(own, 0, path, 1, length, method, asked, spelling) : -1;
    if (found >= 0) return found;
    for (const { suffix, tree } of trees.domains) {
      if (host.length <= suffix.length || !host.endsWith(suffix)) continue;
      const below = findInTree(tree, 0, path, 1, length, method, asked, spelling);
      if (below >= 0) return below;
    }
  }
  return findInTree(trees.everywhere, 0, path, 1, length, method, asked, spelling);
}

/** What comes of a route for a request. */
export function matchOf(route: CompiledRoute, method: string, target: CanonicalTarget): Match {
  return {
    context: route.context,
    place: route.place,
    route: route.route,
    kind: kindOf(route, method),
    path: (route.rewrite ? rewritten(route, target.path) : target.path) + target.query,
    maxBody: route.maxBody,
    edits: route.edits,
    target,
  };
}

/** The path that the extracted service gets instead. */
export function rewritten({ rewrite, segments }: CompiledRoute, path: string): string {
  const parts = path.slice(1).split('/');
  const values = (rewrite ?? []).map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    if (segment.kind === 'rest') return parts.slice(segments.length - 1).join('/');
    return parts[segments.findIndex((own) => own.kind === 'name' && own.name === segment.name)];
  });
  return `/${values.join('/')}`;
}
