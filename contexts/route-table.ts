import { conditionsOf } from './conditions.ts';
import type { Config, RouteConfig } from './config.ts';
import { editsOf, type RouteEdits } from './route-edits.ts';
import { parseRewrite, parseRoute, traitsOf } from './route-pattern.ts';
import { flatten, methodsOf, type FlatTree } from './flat-tree.ts';
import { treeOf, type CompiledRoute, type RouteTree, type Spelling } from './route-tree.ts';

/** Routes by host, and within a host by path. */
export interface HostTrees {
  readonly hosts: ReadonlyMap<string, FlatTree>;
  /** `*.shop.example` as `.shop.example`, the longest first. */
  readonly domains: readonly { readonly suffix: string; readonly tree: FlatTree }[];
  /** Routes of every host. */
  readonly everywhere: FlatTree;
}

/** All routes of all contexts, compiled. */
export interface RouteTable {
  /** Each at its index. */
  readonly all: readonly CompiledRoute[];
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
  const routes: CompiledRoute[] = [];
  for (const [place, [name, context]] of Object.entries(contexts).entries()) {
    const edits = editsOf(context);
    for (const route of context.routes)
      routes.push(compileRoute(routes.length, name, place, route, edits.get(route)));
  }
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
  const methods = methodsOf(routes);
  return {
    all: routes,
    exact: treesOf(routes, methods, decoded),
    folded: treesOf(routes, methods, decodedFolded),
    asksHost,
    asksFields: routes.some(({ conditions = [] }) => conditions.some(({ of }) => of === 'header')),
    asksQuery: asksQuery.size > 0 ? asksQuery : undefined,
    hasCapitals,
    endsInSlash: routes.some(endsInSlash),
    // With hosts or capitals in routes it isn't worth looking closer.
    foldsApart: asksHost || hasCapitals || hasRivals(treeOf(routes, decodedFolded), new Set()),
  };
}

function compileRoute(
  index: number,
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
    index,
    method: pattern.method,
    conditions: conditions.length > 0 ? conditions : undefined,
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

function treesOf(
  routes: readonly CompiledRoute[],
  methods: readonly string[],
  spelling: Spelling,
): HostTrees {
  const flat = (own: readonly CompiledRoute[] = []) => flatten(treeOf(own, spelling), routes, methods);
  const byHost = Map.groupBy(routes, ({ host }) => host);
  const hosts = new Map<string, FlatTree>();
  const domains: { suffix: string; tree: FlatTree }[] = [];
  for (const [host, own] of byHost) {
    if (host?.startsWith('*')) domains.push({ suffix: host.slice(1), tree: flat(own) });
    else if (host !== undefined) hosts.set(host, flat(own));
  }
  domains.sort((a, b) => b.suffix.length - a.suffix.length);
  return { hosts, domains, everywhere: flat(byHost.get(undefined)) };
}

/** Whether its path is one of a folder, `/inventory/`; that of the site itself is the only one that it can have. */
export function endsInSlash({ segments }: Pick<CompiledRoute, 'segments'>): boolean {
  const last = segments.at(-1);
  return segments.length > 1 && last?.kind === 'literal' && last.text === '';
}

/** Whether a literal somewhere stands beside a `:name` or `*` of another owner, which a path spelled otherwise may meet. */
function hasRivals(node: RouteTree, wider: ReadonlySet<string>): boolean {
  const here = new Set([...wider, ...node.rest.map(ownerText)]);
  const named = node.name ? new Set([...here, ...ownersIn(node.name)]) : here;
  for (const child of node.literals.values()) {
    if (named.size > 0 && new Set([...named, ...ownersIn(child)]).size > 1) return true;
    if (hasRivals(child, named)) return true;
  }
  return node.name !== undefined && hasRivals(node.name, here);
}

const ownerText = ({ kind, context, traits }: CompiledRoute) => `${kind ?? ''} ${context} ${traits}`;

function ownersIn(node: RouteTree): string[] {
  const below = [...node.literals.values(), ...(node.name ? [node.name] : [])];
  return [...[...node.ends, ...node.rest].map(ownerText), ...below.flatMap(ownersIn)];
}
