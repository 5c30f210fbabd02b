/** The path on which a request is matched, authorised and forwarded, and its query with the `?`, untouched. */
export interface CanonicalTarget {
  readonly path: string;
  readonly query: string;
}

/** Why a target has no single reading: servers differ in what they make of it. */
export interface DoubtfulTarget {
  readonly doubt: string;
}

// Each of these is read differently by servers in use, so none of them may bring a request to a context.
const DOUBTS: readonly (readonly [RegExp, string])[] = [
  [/^(?!\/)/, 'it is not a path'],
  [/[^\x21-\x7e]/, 'it has a raw byte outside of ASCII, or a control character'],
  [/#/, 'it has a fragment'],
  [/\\|%5c/i, 'it has a backslash'],
  [/\/\//, 'it has an empty segment (//)'],
  [/%2f/i, 'it has an encoded slash'],
  [/%[01][0-9a-f]|%7f/i, 'it has an encoded control character'],
  [/%25/, 'it has an encoded percent sign (double encoding)'],
  [/%(?![0-9a-f]{2})/i, 'it has a percent sign without two hexadecimal digits'],
  [/;/, 'it has a path parameter (;)'],
];

// Nothing to decide in such a path: no percent sign, no dot segment, no doubt. Nearly every request is one.
const PLAIN = /^(?!.*\/\.\.?(?:\/|$))\/(?:[\w~!$&'()*+,=:@.-]+\/)*[\w~!$&'()*+,=:@.-]*$/;

/**
 * The one canonical form of a request target (RFC 3986 §6.2.2): escapes of unreserved characters decoded, other
 * escapes in upper case, dot segments resolved; nothing else is changed. The query is never read.
 * A target that servers read in different ways has no canonical form; it matches no context.
 */
export function canonicalTarget(target: string): CanonicalTarget | DoubtfulTarget {
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? '' : target.slice(question);
  if (PLAIN.test(path)) return { path, query };
  for (const [pattern, doubt] of DOUBTS) if (pattern.test(path)) return { doubt };
  const decoded = path.replaceAll(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
  });
  const resolved = resolveDots(decoded);
  return resolved === undefined
    ? { doubt: 'its dot segments lead out of the root' }
    : { path: resolved, query };
}

/** RFC 3986 §5.2.4, except that leaving the root is no reading at all. */
function resolveDots(path: string): string | undefined {
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const dots = segment === '.' || segment === '..';
    if (segment === '..' && kept.pop() === undefined) return undefined;
    if (!dots) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
