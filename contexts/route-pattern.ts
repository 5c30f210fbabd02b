import { canonicalTarget, describeOddity } from './target.ts';

export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'rest' };

/** `GET /inventory/:sku` taken apart. */
export interface RoutePattern {
  /** In capitals; `*` is any. */
  readonly method: string;
  readonly segments: readonly PatternSegment[];
}

/**
 * Reads a route as written: a method (or `*`), a space and a path of segments. `:name` is exactly one segment that
 * isn't empty; `*` as the last segment is whatever follows, slashes included, and may be empty; all else is
 * literal, upper and lower case apart. Returns what is wrong with it instead when it can't match any request.
 */
export function parseRoute(match: string): RoutePattern | { readonly mistake: string } {
  const space = match.indexOf(' ');
  const method = match.slice(0, space);
  const path = match.slice(space + 1);
  if (/[?#]/.test(path)) return { mistake: 'a route is matched on the path only; leave out ? and #' };
  const canonical = canonicalTarget(path);
  if ('odd' in canonical)
    return { mistake: `no request matches this path: ${describeOddity(canonical.odd)}` };
  const segments: PatternSegment[] = [];
  const names = new Set<string>();
  const texts = canonical.path.slice(1).split('/');
  for (const [index, text] of texts.entries()) {
    if (text === '*') {
      if (index < texts.length - 1) return { mistake: '* is allowed as the last segment only' };
      segments.push({ kind: 'rest' });
    } else if (text.startsWith(':')) {
      const name = text.slice(1);
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        return { mistake: `'${text}' is not a name such as :sku (letters, digits and _; the whole segment)` };
      if (names.has(name)) return { mistake: `'${text}' stands there twice` };
      names.add(name);
      segments.push({ kind: 'name', name });
    } else segments.push({ kind: 'literal', text });
  }
  return { method, segments };
}

/** What stands for `:name` and `*` in the shape of a path; no literal can have a control character. */
export const NAME_SHAPE = '\t';
export const REST_SHAPE = '\t*';

/** Equal for two paths that match the same requests. `spelling` is what literals are compared as. */
export function pathShape(segments: readonly PatternSegment[], spelling: (text: string) => string): string {
  const parts = segments.map((segment) =>
    segment.kind === 'literal' ? spelling(segment.text) : segment.kind === 'name' ? NAME_SHAPE : REST_SHAPE,
  );
  return `/${parts.join('/')}`;
}

/**
 * Reads a rewrite such as `/v2/items/:sku`. It may use the route's own names, each as a whole segment, and end in
 * `*` where the route does. Returns what is wrong with it instead.
 */
export function parseRewrite(
  rewrite: string,
  route: RoutePattern,
): readonly PatternSegment[] | { readonly mistake: string } {
  const parsed = parseRoute(`* ${rewrite}`);
  if ('mistake' in parsed) return parsed;
  for (const segment of parsed.segments) {
    if (
      segment.kind === 'name' &&
      !route.segments.some((own) => own.kind === 'name' && own.name === segment.name)
    )
      return { mistake: `':${segment.name}' is not a part of the route '${routeText(route)}'` };
    if (segment.kind === 'rest' && route.segments.at(-1)?.kind !== 'rest')
      return { mistake: `'*' is not a part of the route '${routeText(route)}'` };
  }
  return parsed.segments;
}

function routeText({ method, segments }: RoutePattern): string {
  const parts = segments.map((segment) =>
    segment.kind === 'literal' ? segment.text : segment.kind === 'name' ? `:${segment.name}` : '*',
  );
  return `${method} /${parts.join('/')}`;
}

const MATCHED = new Set(['match', 'host', 'header', 'query', 'kind', 'rewrite']);

/** What a route says beside what it matches, its kind and its rewrite; `route` is one of the file or of the config. */
export function traitsOf(route: Readonly<Record<string, unknown>>): string {
  const traits = Object.entries(route).filter(([field]) => !MATCHED.has(field));
  return traits.length === 0 ? '' : JSON.stringify(traits.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
