import type { Config, RouteConfig } from './config.ts';
import { decide } from './decide.ts';
import { needsRestart } from './reload.ts';
import { compileSnapshot, ownOf, type Snapshot } from './snapshot.ts';

/** Where a request of a route would go once its context is extracted. */
export interface Outcome {
  /** Absent: no route of the configuration matches, so that it is the monolith's. */
  readonly context?: string;
  readonly route?: string;
  readonly kind?: string;
  /** Where its extracted service listens. */
  readonly url: string;
  readonly path: string;
  /** What else the route says, as JSON; empty for nothing. */
  readonly rest: string;
}

export interface ConfigDiff {
  /** Routes of either configuration whose requests fare differently, with what becomes of them. */
  readonly routes: readonly { readonly route: string; readonly before: Outcome; readonly after: Outcome }[];
  readonly upstreams: readonly Changed[];
  /** Contexts with another upstream, cohort, first stage or the like. */
  readonly contexts: readonly Changed[];
  /** Fields outside of these that differ. */
  readonly other: readonly string[];
  /** What a gateway can't take over while it runs. */
  readonly restart: readonly string[];
}

export interface Changed {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** The names of the fields that differ; their values may be secret. */
  readonly fields: readonly string[];
}

/** What would be routed differently, route by route, and what else differs. Says nothing of stages: the store has them. */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  const [old, next] = [extracted(before), extracted(after)];
  const seen = new Set<string>();
  const routes = [before, after]
    .flatMap(({ contexts }) => Object.values(contexts).flatMap((context) => context.routes))
    .filter((route) => !seen.has(nameOf(route)) && seen.add(nameOf(route)))
    .map((route) => ({
      route: nameOf(route),
      before: outcomeOf(old, before, route),
      after: outcomeOf(next, after, route),
    }))
    .filter((change) => !same(change.before, change.after));
  return {
    routes,
    upstreams: changes(before.upstreams, after.upstreams),
    contexts: changes(before.contexts, after.contexts, ['routes']),
    other: [
      ...changes({ gateway: before.gateway }, { gateway: after.gateway }).flatMap(({ fields }) =>
        fields.map((field) => `gateway.${field}`),
      ),
      ...Object.keys({ ...before, ...after })
        .filter((field) => !['gateway', 'upstreams', 'contexts'].includes(field))
        .filter((field) => !same(before[field as keyof Config], after[field as keyof Config])),
    ],
    restart: needsRestart(before, after),
  };
}

/** A snapshot in which each context's requests go to its extracted service. */
function extracted(config: Config): Snapshot {
  const stages = { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } as const;
  const contexts = Object.fromEntries(
    Object.keys(config.contexts).map((name) => [name, { ...stages, salt: name }]),
  );
  return compileSnapshot(config, { generation: '', revision: 0, contexts });
}

/** As it is written, with what it asks for besides method and path. */
function nameOf({ match, host, header, query }: RouteConfig): string {
  const asked = [
    ...(host === undefined ? [] : [`host ${host}`]),
    ...Object.entries(header ?? {}).map(
      ([name, value]) => `header ${name}${value === true ? '' : `: ${value}`}`,
    ),
    ...Object.entries(query ?? {}).map(
      ([name, value]) => `query ${name}${value === true ? '' : `=${value}`}`,
    ),
  ];
  return asked.length === 0 ? match : `${match} (${asked.join(', ')})`;
}

/** A value that no literal of another route has, most likely. */
const ANY = 'banyan-any';

/** Of a request that this route matches, and no literal of any other. */
function outcomeOf(snapshot: Snapshot, config: Config, route: RouteConfig): Outcome {
  const [method = 'GET', pattern = '/'] = route.match.split(' ');
  const path = pattern.replaceAll(/:[^/]+/g, ANY).replace(/\*$/, `${ANY}/${ANY}`);
  const values = (asked: RouteConfig['query'] = {}) =>
    Object.entries(asked).map(([name, value]): [string, string] => [name, value === true ? ANY : value]);
  const query = new URLSearchParams(values(route.query)).toString();
  const decision = decide(snapshot, {
    method: method === '*' ? 'GET' : method,
    target: query === '' ? path : `${path}?${query}`,
    headers: Object.fromEntries(values(route.header).map(([name, value]) => [name.toLowerCase(), value])),
    host: route.host?.replace(/^\*/, ANY),
  });
  const { url } = config.upstreams[decision.upstream]!;
  const context = decision.context === undefined ? undefined : ownOf(config.contexts, decision.context);
  if (!context) return { url, path: pattern, rest: '' };
  const matched = context.routes.filter(({ match }) => match === decision.route);
  const winner = matched.find((other) => nameOf(other) === nameOf(route)) ?? matched[0];
  const {
    match: _match,
    host: _host,
    header: _header,
    query: _query,
    rewrite,
    ...rest
  } = winner ?? ({} as Partial<RouteConfig>);
  return {
    context: decision.context!,
    route: winner ? nameOf(winner) : decision.route!,
    kind: decision.kind!,
    ...{ url, path: rewrite ?? pattern, rest: Object.keys(rest).length > 0 ? JSON.stringify(rest) : '' },
  };
}

function changes(
  before: Readonly<Record<string, object>>,
  after: Readonly<Record<string, object>>,
  without: readonly string[] = [],
): Changed[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name): Changed[] => {
    const [one, other] = [ownOf(before, name), ownOf(after, name)] as Record<string, unknown>[];
    if (!one || !other) return [{ name, change: one ? 'removed' : 'added', fields: [] }];
    const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
      (field) => !without.includes(field) && !same(one[field], other[field]),
    );
    return fields.length > 0 ? [{ name, change: 'changed', fields }] : [];
  });
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
