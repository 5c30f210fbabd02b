/** The path on which a request is matched, authorised and forwarded, and its query with the `?`, untouched. */
export interface CanonicalTarget {
  readonly path: string;
  readonly query: string;
}

/** Why a path isn't one that every server reads in the same way. */
export interface OddTarget {
  readonly odd: Oddity;
}

export type Oddity = keyof typeof ODDITIES;

/** What servers in use read in different ways; the first that a path has names it. */
const ODDITIES = {
  'no-path': [/^(?!\/)/, 'it is not a path'],
  'non-ascii': [/[^\x21-\x7e]/, 'it has a raw byte outside of ASCII, or a control character'],
  fragment: [/#/, 'it has a fragment'],
  backslash: [/\\|%5c/i, 'it has a backslash'],
  'empty-segment': [/\/\//, 'it has an empty segment (//)'],
  'encoded-slash': [/%2f/i, 'it has an encoded slash'],
  control: [/%[01][0-9a-f]|%7f/i, 'it has an encoded control character'],
  'double-encoding': [/%25/, 'it has an encoded percent sign (double encoding)'],
  'bad-escape': [/%(?![0-9a-f]{2})/i, 'it has a percent sign without two hexadecimal digits'],
  overlong: [
    /%(?:c[01]|e0%[89]|f0%8)/i,
    'it has an overlong form of UTF-8, which some servers take for another character',
  ],
  parameter: [/;|%3b/i, 'it has a path parameter (;)'],
  'full-width': [
    /%ef%b[cd]%[89ab]/i,
    'it has a full-width character, which some servers take for the one of ASCII',
  ],
  'trailing-dot': [/^$/, 'a segment ends in a dot or a space, which Windows takes away'],
  'out-of-root': [/^$/, 'its dot segments lead out of the root'],
} as const satisfies Record<string, readonly [RegExp, string]>;

/** An oddity in words: `it has an empty segment (//)`. */
export function describeOddity(odd: Oddity): string {
  return ODDITIES[odd][1];
}

/** What `scanTarget` finds, beside the length of the path. */
export const ENDS_IN_SLASH = 1;
export const HAS_CAPITALS = 2;

const FULL_STOP = 46;
const PLAIN = 1;
const SLASH = 2;
const DOT = 4;
const CAPITAL = 8;
const ODD = 16;
const CLASSES = new Uint8Array(128).fill(ODD);
for (let code = 0; code < 128; code += 1) {
  const character = String.fromCharCode(code);
  if (character === '/') CLASSES[code] = SLASH;
  else if (character === '.') CLASSES[code] = PLAIN | DOT;
  else if (/[A-Z]/.test(character)) CLASSES[code] = PLAIN | CAPITAL;
  else if (/[\w~!$&'()*+,=:@-]/.test(character)) CLASSES[code] = PLAIN;
}

/**
 * Looks once at a target in whose path nothing is to be decided, as in nearly every request: no percent sign, no dot
 * segment, nothing odd. Returns the path's length times four plus what it found, or -1 for any other target. One
 * pass over the characters costs half of what a regular expression does.
 */
export function scanTarget(target: string): number {
  const { length } = target;
  if (length === 0 || target.charCodeAt(0) !== 47) return -1;
  let before = SLASH;
  let seen = 0;
  let index = 1;
  for (; index < length; index += 1) {
    const code = target.charCodeAt(index);
    if (code === 63) break;
    const kind = code < 128 ? CLASSES[code]! : ODD;
    // Behind one plain character another: nearly always, so that all else is looked at only then.
    if ((kind | before) === PLAIN) continue;
    if (kind === ODD || (kind === SLASH && before & DOT)) return -1;
    if (before === SLASH && kind !== PLAIN && !startsPlainly(target, index, kind)) return -1;
    seen |= kind;
    before = kind;
  }
  const ends = before === SLASH && index > 1 ? ENDS_IN_SLASH : 0;
  if (before & DOT) return -1;
  return index * 4 + ends + (seen & CAPITAL ? HAS_CAPITALS : 0);
}

/** Whether what stands after a slash begins a segment that is neither empty nor of dots alone. */
function startsPlainly(target: string, index: number, kind: number): boolean {
  if (kind === SLASH) return false;
  if ((kind & DOT) === 0) return true;
  const next = target.charCodeAt(index + 1);
  // Two dots, an end or a slash: the thorough way decides.
  return !(Number.isNaN(next) || next === FULL_STOP || next === 47 || next === 63);
}

/** A target's path, and its query with the `?`. */
export function splitTarget(target: string): CanonicalTarget {
  const question = target.indexOf('?');
  return question < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, question), query: target.slice(question) };
}

/**
 * The one canonical form of a request target (RFC 3986 §6.2.2): escapes of unreserved characters decoded, other
 * escapes in upper case, dot segments resolved; nothing else is changed. The query is never read. A path that
 * servers read in different ways is odd: what is to be made of it depends on the routes.
 */
export function canonicalTarget(target: string): CanonicalTarget | OddTarget {
  const scanned = scanTarget(target);
  const split = splitTarget(target);
  if (scanned >= 0) return split;
  const odd = oddityOf(split.path);
  return odd === undefined ? { path: resolveDots(respellEscapes(split.path)), query: split.query } : { odd };
}

/** The first oddity of a path, if it has one. */
export function oddityOf(path: string): Oddity | undefined {
  for (const [odd, [pattern]] of Object.entries(ODDITIES) as [Oddity, readonly [RegExp, string]][])
    if (pattern.test(path)) return odd;
  const respelled = respellEscapes(path);
  if (TRAILING.test(respelled)) return 'trailing-dot';
  return leavesRoot(respelled) ? 'out-of-root' : undefined;
}

/** A segment that ends in a dot or a space and is no dot segment. */
const TRAILING = /\/(?!\.{1,2}(?:\/|$))[^/]*(?:\.|%20)(?:\/|$)/;

/** RFC 3986 §6.2.2.1 and .2; raw bytes outside of ASCII become the escapes that they should have been. */
export function respellEscapes(path: string): string {
  return path
    .replaceAll(/[^\x21-\x7e]/g, (character) =>
      character <= '\xff' ? escapeOf(character) : encodeURIComponent(character.toWellFormed()),
    )
    .replaceAll(/%[0-9a-f]{2}/gi, (escape) => {
      const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase();
    });
}

function escapeOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function leavesRoot(path: string): boolean {
  let depth = 0;
  for (const segment of path.slice(1).split('/')) {
    if (segment === '..') depth -= 1;
    else if (segment !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

/** RFC 3986 §5.2.4: what leads out of the root stays there. */
export function resolveDots(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const dots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!dots) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
