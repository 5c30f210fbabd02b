import { describeConditions, exclude, implies, type Condition } from './conditions.ts';
import type { Checked } from './cross-checks.ts';
import { NAME_SHAPE, pathShape, REST_SHAPE, type RoutePattern } from './route-pattern.ts';
import { decoded, decodedFolded } from './route-table.ts';

/** A route as it stands in the file. */
export interface WrittenRoute extends RoutePattern {
  readonly path: PropertyKey[];
  readonly shown: string;
  readonly context: string;
  readonly host: string | undefined;
  readonly kind: string | undefined;
  readonly traits: string;
  readonly conditions: readonly Condition[];
}

/**
 * Two routes that can match the same request, of which neither is the more specific; and a route that can never win,
 * because others take whatever it could match. Each is named with its line, and so is the other.
 */
export function checkOverlaps(checked: Checked, routes: readonly WrittenRoute[]): void {
  const named = ({ shown, context, path }: WrittenRoute) =>
    `'${shown}' of context '${context}' (line ${checked.lineOf(path)})`;
  const reported = new Set<WrittenRoute>();
  const report = (route: WrittenRoute, message: string) => {
    if (!reported.has(route)) checked.report(route.path, `route '${route.shown}' ${message}`);
    reported.add(route);
  };

  for (const [later, earlier] of pairs(routes, (route) => `${route.method} ${placeOf(route, decoded)}`)) {
    const [one, other] = [later.conditions, earlier.conditions];
    const [more, less] = [implies(one, other), implies(other, one)];
    if (more && less) report(later, `matches the same requests as ${named(earlier)}`);
    else if (!more && !less && !exclude(one, other))
      report(
        later,
        `(${describeConditions(one)}) can match the same request as ${named(earlier)} (${describeConditions(other)}), ` +
          'and neither is the more specific: let one ask for all that the other asks for, or for another value',
      );
  }
  const twins = pairs(routes, (route) => placeOf(route, decodedFolded).replace(/(.)\/$/, '$1'));
  for (const [later, earlier] of twins) {
    if (placeOf(later, decoded) === placeOf(earlier, decoded)) continue;
    if (!meet(later.method, earlier.method) || exclude(later.conditions, earlier.conditions)) continue;
    if (sameOwner(later, earlier)) continue;
    report(
      later,
      `differs from ${named(earlier)} in upper and lower case or a slash at the end alone: servers differ in whether ` +
        'these are one path, so that neither could win; let both be of one context and alike in all else',
    );
  }
  const byPlace = Map.groupBy(routes, (route) => placeOf(route, decoded));
  for (const route of routes) {
    const cover = coverOf(route, byPlace);
    if (cover) report(route, `can never win: ${cover.map(named).join(', ')} take whatever it could match`);
  }
}

const placeOf = ({ host = '', segments }: WrittenRoute, spelling: (text: string) => string) =>
  `${host} ${pathShape(segments, spelling)}`;

const sameOwner = (one: WrittenRoute, other: WrittenRoute) =>
  one.context === other.context && one.kind === other.kind && one.traits === other.traits;

/** Pairs of routes with the same key, the later one first. */
function pairs(
  routes: readonly WrittenRoute[],
  keyOf: (route: WrittenRoute) => string,
): [WrittenRoute, WrittenRoute][] {
  const groups = new Map<string, WrittenRoute[]>();
  const found: [WrittenRoute, WrittenRoute][] = [];
  for (const route of routes) {
    const key = keyOf(route);
    const group = groups.get(key);
    for (const earlier of group ?? []) found.push([route, earlier]);
    if (group) group.push(route);
    else groups.set(key, [route]);
  }
  return found;
}

/** Whether a request can have a method that both match. */
function meet(one: string, other: string): boolean {
  return one === other || one === '*' || other === '*' || both(one, other) || both(other, one);
}

const both = (one: string, other: string) => one === 'GET' && other === 'HEAD';

/**
 * The more specific routes that together match all that `/folder/*` does: `/folder/`, `/folder/:name`, and all below
 * that. Only a path can be covered: there are always more hosts, methods and values than are written down.
 */
function coverOf(
  route: WrittenRoute,
  byPlace: ReadonlyMap<string, readonly WrittenRoute[]>,
): WrittenRoute[] | undefined {
  if (route.segments.at(-1)?.kind !== 'rest') return undefined;
  const takes = ({ method, conditions }: WrittenRoute) =>
    (method === route.method || method === '*' || (method === 'GET' && route.method === 'HEAD')) &&
    implies(route.conditions, conditions);
  const at = (place: string) => byPlace.get(place)?.find((other) => other !== route && takes(other));
  const found: WrittenRoute[] = [];
  let folder = placeOf(route, decoded).slice(0, -`/${REST_SHAPE}`.length);
  for (;;) {
    const [empty, name] = [at(`${folder}/`), at(`${folder}/${NAME_SHAPE}`)];
    if (!empty || !name) return undefined;
    found.push(empty, name);
    folder += `/${NAME_SHAPE}`;
    const rest = at(`${folder}/${REST_SHAPE}`);
    if (rest) return [...found, rest];
  }
}
