import type { IncomingMessage } from 'node:http';
import { mapBack, type Config, type ReverseRewrite } from '../../contexts/index.ts';

/** How an upstream's links and cookies become public ones, worked out once for each upstream. */
export interface AnswerRules {
  /**
   * `Location` or `Content-Location`. `back` are the reverses of the context's rewrites, the route's own first; `asked`
   * are the fields of the request, which name the public site.
   */
  readonly link:
    ((value: string, back: readonly ReverseRewrite[] | undefined, asked: Asked) => string) | undefined;
  /** `Set-Cookie`. */
  readonly cookie: ((value: string) => string) | undefined;
  /** Sees it as the upstream wrote it, with the fields of the request. */
  readonly seen: ((value: string, asked: IncomingMessage['headers']) => void) | undefined;
}

type Asked = IncomingMessage['headers'] | undefined;
type Upstream = Config['upstreams'][string];

/** The Host that this upstream gets; undefined for the client's. */
export function hostFor({ url, host }: Pick<Upstream, 'url' | 'host'>): string | undefined {
  if (host === undefined || host === 'client') return undefined;
  return host === 'upstream' ? new URL(url).host || 'localhost' : host;
}

export function answerRules(
  upstream: Pick<Upstream, 'url' | 'host' | 'rewrite'>,
  seen?: AnswerRules['seen'],
): AnswerRules {
  const { location = true, cookieDomain = {}, cookiePath = {} } = upstream.rewrite ?? {};
  const { host } = new URL(upstream.url);
  const known = [host, hostFor(upstream) ?? host, ...(Array.isArray(location) ? location : []).map(hostOf)];
  const own = new Set(
    known.map((authority) => authority.toLowerCase()).filter((authority) => authority !== ''),
  );
  return {
    link: location === false ? undefined : (value, back, asked) => publicLink(value, own, back, asked),
    cookie: cookieRule(cookieDomain, cookiePath),
    seen,
  };
}

const hostOf = (origin: string) => new URL(origin).host;

/** Scheme and authority, or the authority of a network-path reference (RFC 3986 §4.2), and what follows. */
const ABSOLUTE = /^((?:(https?):)?\/\/([^/?#]*))(.*)$/is;

/**
 * A link to the upstream itself (with either scheme) becomes a path of the public site: whatever scheme, host and port
 * the client used, that is where it leads. A path that is of a rewrite becomes the one that clients know. The origin of
 * a link to the public site is kept: it may be the way from http to https.
 */
function publicLink(
  value: string,
  own: ReadonlySet<string>,
  back: readonly ReverseRewrite[] | undefined,
  asked: Asked,
): string {
  let origin = '';
  let path = value;
  let within = true;
  const absolute = ABSOLUTE.exec(value);
  if (absolute) {
    const [, before = '', scheme = '', authority = '', rest = ''] = absolute;
    const site = withoutDefaultPort(authority.toLowerCase(), scheme.toLowerCase());
    // Anybody may write X-Forwarded-Host: it makes no link to the upstream itself a public one.
    const isPublic =
      site === siteIn(asked?.host, scheme) ||
      (site === siteIn(asked?.['x-forwarded-host'], scheme) && !own.has(site));
    if (isPublic) origin = before;
    else if (!own.has(site)) return value;
    within = isPublic;
    path = rest.startsWith('/') ? rest : `/${rest}`;
  } else if (value.charCodeAt(0) !== 0x2f) return value;
  if (within && back === undefined) return value;
  const end = path.search(/[?#]/);
  const bare = end < 0 ? path : path.slice(0, end);
  const found = back && firstBack(back, bare);
  if (within && found === undefined) return value;
  const link = (found ?? bare) + (end < 0 ? '' : path.slice(end));
  // Two slashes would begin a host: the way to another site (RFC 3986 §4.2, and how browsers read a backslash).
  return origin === '' && /^\/[/\\]/.test(link) ? `/.${link}` : origin + link;
}

/** The site that a field of the request names, as a link with this scheme would. */
function siteIn(field: string | string[] | undefined, scheme: string): string | undefined {
  return typeof field === 'string'
    ? withoutDefaultPort(field.toLowerCase(), scheme.toLowerCase())
    : undefined;
}

function firstBack(back: readonly ReverseRewrite[], path: string): string | undefined {
  for (const reverse of back) {
    const found = mapBack(reverse, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

function withoutDefaultPort(authority: string, scheme: string): string {
  const standard = scheme === 'https' ? ':443' : ':80';
  return authority.endsWith(standard) ? authority.slice(0, -standard.length) : authority;
}

/** Undefined where nothing is to be done. */
function cookieRule(
  domains: Readonly<Record<string, string>>,
  paths: Readonly<Record<string, string>>,
): AnswerRules['cookie'] {
  const domainOf = new Map(Object.entries(domains).map(([from, to]) => [bareDomain(from), to]));
  const byLength = Object.entries(paths)
    .map(([from, to]) => [withoutSlash(from), withoutSlash(to)] as const)
    .toSorted(([a], [b]) => b.length - a.length);
  if (domainOf.size === 0 && byLength.length === 0) return undefined;
  return (value) => {
    const [pair = '', ...attributes] = value.split(';');
    const kept = attributes.flatMap((attribute) => {
      const equals = attribute.indexOf('=');
      const name = attribute
        .slice(0, equals < 0 ? undefined : equals)
        .trim()
        .toLowerCase();
      const is = attribute.slice(equals + 1).trim();
      if (name === 'domain' && equals >= 0) {
        const to = domainOf.get(bareDomain(is)) ?? domainOf.get('*');
        if (to !== undefined) return to === '' ? [] : [` Domain=${to}`];
      } else if (name === 'path' && is.startsWith('/')) {
        const found = byLength.find(([from]) => is === from || is.startsWith(`${from}/`));
        if (found) return [` Path=${pathOf(found[1], is.slice(found[0].length))}`];
      }
      return [attribute];
    });
    return [pair, ...kept].join(';');
  };
}

/** `/` belongs to the whole of what stands in its place: `/shop`, not `/shop/`, which `/shop` itself is not within. */
function pathOf(to: string, rest: string): string {
  return rest === '' || rest === '/' ? to || '/' : to + rest;
}

/** RFC 6265 §5.2.3: a leading dot says nothing, nor does the case. */
function bareDomain(domain: string): string {
  return domain.toLowerCase().replace(/^\./, '');
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
