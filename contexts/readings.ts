import { resolveDots, respellEscapes } from './target.ts';

/** Characters of all readings together that are looked at: some ordinary paths read in all ways, or a few long ones. */
const BUDGET = 32_768;

type Step = (path: string) => string;

/**
 * What servers in use do to a path, one after the other, in whatever order. Each is applied to the whole path, so that
 * the readings of a path are few however long it is.
 */
const STEPS: readonly Step[] = [
  // Path parameters are Tomcat's and Jetty's to take away, before or after decoding.
  (path) => path.replaceAll(/;[^/]*/g, ''),
  // A backslash is a slash to IIS and to whatever parses URLs as browsers do.
  (path) => path.replaceAll('\\', '/'),
  // nginx and Apache merge slashes.
  (path) => path.replaceAll(/\/{2,}/g, '/'),
  // Whoever parses the target as a reference takes what follows // for a host (RFC 3986 §4.2).
  (path) => path.replace(/^\/\/[^/]*(?=\/)/, ''),
  // What is decoded first and taken apart later ends at a fragment, at a query, in C at a NUL.
  (path) => path.replace(/[?#\0][^]*$/, ''),
  // Lax decoders of UTF-8 take an overlong form for the character (RFC 3629 §10).
  (path) =>
    path.replaceAll(
      /%(?:c([01])|e0%8([01])|f0%80%8([01]))%([89ab])([0-9a-f])/gi,
      (_, two: string | undefined, three: string | undefined, four: string, more: string, low: string) =>
        String.fromCharCode(
          Number(two ?? three ?? four) * 64 + (Number.parseInt(more, 16) & 3) * 16 + Number.parseInt(low, 16),
        ),
    ),
  // IIS' own escapes.
  (path) =>
    path.replaceAll(/%u00([0-9a-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    ),
  // Windows overlooks spaces and dots at the end of a name (Win32's rules for file names).
  (path) => path.replaceAll(/(?: |%20)+(?=\/|$)/g, ''),
  (path) => path.replaceAll(/(^|\/)([^/]*?)(?:[. ]|%20)+(?=\/|$)/g, nameOf),
  // What turns Unicode into a code page, or into compatibility form, takes full-width characters for those of ASCII.
  (path) => path.replaceAll(/(?:%EF%B([CD])%|\xef([\xbc\xbd]))([89AB][0-9A-F]|[\x80-\xbf])/gi, narrow),
  resolveDots,
];
/** A name without the dots and spaces behind it; a dot segment has no other name. */
function nameOf(whole: string, slash: string, name: string): string {
  return name === '' && /^\/?\.{1,2}$/.test(whole) ? whole : slash + name;
}

/** U+FF01 to U+FF5E, in UTF-8 as escapes or as bytes, are the characters from `!` to `~`. */
function narrow(whole: string, escaped: string | undefined, byte: string | undefined, last: string): string {
  const row = (escaped ?? (byte === '\xbc' ? 'C' : 'D')).toUpperCase() === 'C' ? 0x20 : 0x60;
  const code = row + (last.length === 2 ? Number.parseInt(last, 16) : last.charCodeAt(0)) - 0x80;
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : whole;
}

/** One proxy decodes before the next: twice happens, more does not. */
const DECODINGS = 2;

const decodeOnce: Step = (path) =>
  path.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );

/**
 * Every reading of an odd path, its dot segments resolved, the canonical one first; undefined where there are more than
 * anybody would look at. Escapes that a reading decodes are Latin-1 characters in it.
 */
export function readingsOf(path: string): readonly string[] | undefined {
  const states = new Map<string, number>([[respellEscapes(path), 0]]);
  const readings = new Set<string>();
  let spent = 0;
  const queue = [...states.keys()];
  for (const state of queue) {
    spent += state.length + 1;
    if (spent > BUDGET) return undefined;
    const decodings = states.get(state)!;
    readings.add(resolveDots(state));
    const next = STEPS.map((step) => [step(state), decodings] as const);
    if (decodings < DECODINGS) next.push([decodeOnce(state), decodings + 1]);
    for (const [other, count] of next) {
      if (!other.startsWith('/') || (states.get(other) ?? Number.POSITIVE_INFINITY) <= count) continue;
      queue.push(other);
      states.set(other, count);
    }
  }
  return [...readings];
}
