import type { ContextConfig } from './config.ts';
import type { Kind } from './match.ts';
import { parseRoute, type PatternSegment } from './route-pattern.ts';
import type { CanonicalTarget } from './target.ts';

/** An answer that the gateway gives itself: its status, and its own fields in lower case. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A redirect as written, taken apart around the path's segments. */
export interface RedirectPattern {
  /** `https://shop.example`; empty for a path of this site. */
  readonly origin: string;
  readonly segments: readonly PatternSegment[];
  /** Query and fragment of its own. */
  readonly rest: string;
}

/** What a context answers with once it is retired. */
export interface Retired {
  readonly redirect:
    | (RedirectPattern & {
        readonly status: 301 | 302 | 307 | 308;
        /** For each route as written: which segment of its path has which name. */
        readonly names: ReadonlyMap<string, ReadonlyMap<string, number>>;
      })
    | undefined;
}

const PARTS = /^(https?:\/\/[^/?#@\\\s]+)?(\/[^?#]*)(\?[^#]*)?(#.*)?$/i;

/** Reads a redirect, or returns what is wrong with it. */
export function parseRedirect(redirect: string): RedirectPattern | { readonly mistake: string } {
  const [, origin = '', path, query = '', fragment = ''] = PARTS.exec(redirect) ?? [];
  if (path === undefined || path.startsWith('//') || !/^[\x21-\x7e]*$/.test(redirect) || !isUrl(origin))
    return {
      mistake: 'required is a path of this site, or an http or https URL with a path, in printable ASCII',
    };
  const pattern = parseRoute(`* ${path}`);
  if ('mistake' in pattern) return pattern;
  return { origin, segments: pattern.segments, rest: query + fragment };
}

const isUrl = (origin: string) => origin === '' || URL.canParse(origin);

/** The context has been checked: a redirect that can't be read throws. */
export function compileRetired({ retired, routes }: Pick<ContextConfig, 'retired' | 'routes'>): Retired {
  if (!retired) return GONE;
  const pattern = parseRedirect(retired.redirect);
  if ('mistake' in pattern) throw new Error(`redirect '${retired.redirect}': ${pattern.mistake}`);
  const names = new Map(routes.map(({ match }) => [match, namesOf(match)]));
  return { redirect: { ...pattern, status: retired.status, names } };
}

const GONE: Retired = { redirect: undefined };

/** Where in a route's path each of its names stands. */
export function namesOf(match: string): ReadonlyMap<string, number> {
  const pattern = parseRoute(match);
  if ('mistake' in pattern) return new Map();
  return new Map(
    pattern.segments.flatMap((segment, index) =>
      segment.kind === 'name' ? [[segment.name, index] as const] : [],
    ),
  );
}

/**
 * No cache may keep the answer: the next change of the stage is to be in force for everybody at once (RFC 9111
 * §5.2.2.5), and without this 301, 308 and 410 may be kept for ever (RFC 9110 §15.1).
 */
const UNKEPT = { 'cache-control': 'no-store' } as const;
const IS_GONE: OwnAnswer = { status: 410, fields: UNKEPT };

/** A byte of the request as it came, which Node gives as one character. */
const escaped = (byte: string) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/**
 * The answer to one request of a retired context. Only 307 and 308 repeat a write with its method and body. Undefined
 * for a redirect without the target that it depends on.
 */
export function retiredAnswer(
  { redirect }: Retired,
  kind: Kind,
  route: string,
  target: CanonicalTarget | undefined,
): OwnAnswer | undefined {
  if (!redirect || (kind === 'write' && redirect.status < 307)) return IS_GONE;
  if (target === undefined) return undefined;
  const parts = target.path.slice(1).split('/');
  const names = redirect.names.get(route);
  const path = redirect.segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    if (segment.kind === 'rest') return target.path.slice(1);
    return parts[names?.get(segment.name) ?? -1] ?? '';
  });
  const own = redirect.rest.startsWith('?');
  const query = own ? '' : target.query.replaceAll(/[^\x21-\x7e]/g, escaped);
  const location = `${redirect.origin}/${path.join('/')}${query}${redirect.rest}`;
  return { status: redirect.status, fields: { ...UNKEPT, location } };
}
