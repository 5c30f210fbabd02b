/** What a shared cache may do with an answer, and how to keep it out of one. Fields are raw lists: name, value, … */

/** Statuses that a cache may keep for a while of its own choice (RFC 9110 §15.1). */
const HEURISTIC = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Fields that caches of one kind obey instead of Cache-Control (RFC 9213, and what came before it). */
const TARGETED = /^(?:.*-)?(?:cdn-cache|surrogate)-control$/i;

/**
 * Whether a shared cache may store the answer (RFC 9111 §3). A field for caches of one kind makes it so, whatever it
 * says; so does 304, whose fields go into the answer that a cache has (§3.2).
 */
export function mayBeShared(
  { method, authorized }: { readonly method: string; readonly authorized: boolean },
  status: number,
  fields: readonly string[],
): boolean {
  const said = directivesIn(fields);
  if (status === 304 || some(fields, (name) => TARGETED.test(name))) return true;
  // Who understands `must-understand` doesn't heed the no-store beside it (§5.2.2.3).
  if (said.get('private') === '' || (said.has('no-store') && !said.has('must-understand'))) return false;
  const open = said.has('public') || said.has('s-maxage');
  if (authorized && !open && !said.has('must-revalidate')) return false;
  const fresh = open || said.has('max-age') || some(fields, (name) => name.toLowerCase() === 'expires');
  return fresh || ((method === 'GET' || method === 'HEAD') && HEURISTIC.has(status));
}

/** The fields with `Cache-Control: private` (§5.2.2.7), without what lets a shared cache store the answer all the same. */
export function keptPrivate(fields: readonly string[]): string[] {
  const kept: string[] = [];
  const said = directivesIn(fields);
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    if (name.toLowerCase() !== 'cache-control' && !TARGETED.test(name)) kept.push(name, fields[index + 1]!);
  }
  for (const open of ['public', 's-maxage', 'must-understand']) said.delete(open);
  said.delete('private');
  const others = [...said].map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  kept.push('Cache-Control', ['private', ...others].join(', '));
  return kept;
}

/** The directives of Cache-Control by name in lower case, the first value of each; empty for one without. */
function directivesIn(fields: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let index = 0; index < fields.length; index += 2) {
    if (fields[index]!.toLowerCase() !== 'cache-control') continue;
    for (const [, name, value = ''] of fields[index + 1]!.matchAll(/([\w-]+)(?:=("[^"]*"|[^,\s]*))?/g)) {
      const lower = name!.toLowerCase();
      if (!found.has(lower)) found.set(lower, value);
    }
  }
  return found;
}

function some(fields: readonly string[], is: (name: string) => boolean): boolean {
  return fields.some((name, index) => index % 2 === 0 && is(name));
}
