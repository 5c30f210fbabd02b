import { conditionsOf } from './conditions.ts';
import type { Config, RouteConfig } from './config.ts';
import { editsOf, type RouteEdits } from './route-edits.ts';
import { parseRewrite, parseRoute, traitsOf } from './route-pattern.ts';
import {
  addToTree,
  literalsOf,
  newTree,
  type CompiledRoute,
  type RouteTree,
  type Spelling,
} from './route-tree.ts';

/** Routes by host, and within a host by path. */
export interface HostTrees {
  readonly hosts: ReadonlyMap<string, RouteTree>;
  /** `*.shop.example` as `.shop.example`, the longest first. */
  readonly domains: readonly { readonly suffix: string; readonly tree: RouteTree }[];
  /** Routes of every host. */
  readonly everywhere: RouteTree;
}

/** All routes of all contexts, compiled. */
export interface RouteTable {
  readonly exact: HostTrees;
  /** The same routes as a server sees them that takes upper and lower case for one. */
  readonly folded: HostTrees;
  /** Whether any route asks for a host, or for fields, so that these have to be looked at. */
  readonly asksHost: boolean;
  readonly asksFields: boolean;
  /** The parameters that routes ask for; undefined where none does. */
  readonly asksQuery: ReadonlySet<string> | undefined;
  /** Whether a literal has capitals: then a path without them may mean it as well. */
  readonly hasCapitals: boolean;
  /** Whether a route ends in a slash: then a path without it may mean it as well. */
  readonly endsInSlash: boolean;
  /** Whether a path that matches a route may be another context's to a server that takes upper and lower case for one. */
  readonly foldsApart: boolean;
}

/** A path's escapes as the characters that they stand for, bytes as Latin-1. */
export const decoded: Spelling = (segment) =>
  segment.includes('%')
    ? segment.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      )
    : segment;
export const decodedFolded: Spelling = (segment) => decoded(segment).toLowerCase();

const compiled = new WeakMap<object, RouteTable>();

/**
 * Compiles every context's routes, once for each configuration. The config has been checked: a route that can't be
 * read throws.
 */
export function compileRoutes(contexts: Config['contexts']): RouteTable {
  let table = compiled.get(contexts);
  if (!table) compiled.set(contexts, (table = compile(contexts)));
  return table;
}

function compile(contexts: Config['contexts']): RouteTable {
  const routes = Object.entries(contexts).flatMap(([name, context], place) => {
    const edits = editsOf(context);
    return context.routes.map((route) => compileRoute(name, place, route, edits.get(route)));
  });
  const asksQuery = new Set(
    routes.flatMap(({ conditions = [] }) =>
      conditions.filter(({ of }) => of === 'query').map(({ name }) => name),
    ),
  );
  const asksHost = routes.some(({ host }) => host !== undefined);
  const hasCapitals = routes.some(({ segments }) =>
    segments.some(
      (segment) => segment.kind === 'literal' && decodedFolded(segment.text) !== decoded(segment.text),
    ),
  );
  const folded = treesOf(routes, decodedFolded);
  return {
    exact: treesOf(routes, decoded),
    folded,
    asksHost,
    asksFields: routes.some(({ conditions = [] }) => conditions.some(({ of }) => of === 'header')),
    asksQuery: asksQuery.size > 0 ? asksQuery : undefined,
    hasCapitals,
    endsInSlash: routes.some(endsInSlash),
    // With hosts or capitals in routes it isn't worth looking closer.
    foldsApart: asksHost || hasCapitals || hasRivals(folded.everywhere, new Set()),
  };
}

function compileRoute(
  context: string,
  place: number,
  config: RouteConfig,
  edits: RouteEdits | undefined,
): CompiledRoute {
  const pattern = parseRoute(config.match);
  if ('mistake' in pattern) throw new Error(`route '${config.match}': ${pattern.mistake}`);
  const rewrite = config.rewrite === undefined ? undefined : parseRewrite(config.rewrite, pattern);
  if (rewrite && 'mistake' in rewrite) throw new Error(`rewrite '${config.rewrite}': ${rewrite.mistake}`);
  const conditions = conditionsOf(config);
  return {
    method: pattern.method,
    conditions: conditions.length > 0 ? conditions : undefined,
    next: undefined,
    context,
    place,
    route: config.match,
    kind: config.kind,
    rewrite,
    maxBody: config.maxBody,
    edits,
    segments: pattern.segments,
    host: config.host,
    traits: traitsOf(config),
  };
}

function treesOf(routes: readonly CompiledRoute[], spelling: Spelling): HostTrees {
  const hosts = new Map<string, RouteTree>();
  const domains = new Map<string, RouteTree>();
  const everywhere = newTree();
  for (const route of routes) {
    const { host } = route;
    if (host === undefined) addToTree(everywhere, route, spelling);
    else {
      const wide = host.startsWith('*');
      const [map, key] = wide ? [domains, host.slice(1)] : [hosts, host];
      let tree = map.get(key);
      if (!tree) map.set(key, (tree = newTree()));
      addToTree(tree, route, spelling);
    }
  }
  const longestFirst = [...domains]
    .map(([suffix, tree]) => ({ suffix, tree }))
    .toSorted((a, b) => b.suffix.length - a.suffix.length);
  return { hosts, domains: longestFirst, everywhere };
}

/** Whether its path is one of a folder, `/inventory/`; that of the site itself is the only one that it can have. */
export function endsInSlash({ segments }: Pick<CompiledRoute, 'segments'>): boolean {
  const last = segments.at(-1);
  return segments.length > 1 && last?.kind === 'literal' && last.text === '';
}

/** Whether a literal somewhere stands beside a `:name` or `*` of another owner, which a path spelled otherwise may meet. */
function hasRivals(node: RouteTree, wider: ReadonlySet<string>): boolean {
  const here = new Set([...wider, ...chain(node.rest)]);
  const named = node.name ? new Set([...here, ...ownersIn(node.name)]) : here;
  for (const child of literalsOf(node).values()) {
    if (named.size > 0 && new Set([...named, ...ownersIn(child)]).size > 1) return true;
    if (hasRivals(child, named)) return true;
  }
  return node.name !== undefined && hasRivals(node.name, here);
}

/** The owners of the routes of one path. */
function* chain(first: CompiledRoute | undefined): Generator<string> {
  for (let route = first; route; route = route.next)
    yield `${route.kind ?? ''} ${route.context} ${route.traits}`;
}

function ownersIn(node: RouteTree): string[] {
  const below = [...literalsOf(node).values(), ...(node.name ? [node.name] : [])];
  return [...chain(node.ends), ...chain(node.rest), ...below.flatMap(ownersIn)];
}
