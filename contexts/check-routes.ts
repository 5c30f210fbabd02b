import { checkOverlaps, type WrittenRoute } from './check-overlaps.ts';
import { conditionsOf } from './conditions.ts';
import type { Checked } from './cross-checks.ts';
import { isRoute } from './methods.ts';
import { parseRewrite, parseRoute, traitsOf } from './route-pattern.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** Each route can match something and win, belongs to one context, and rewrites to what it has. */
export function checkRoutes(checked: Checked): void {
  const { root, shown, report } = checked;
  const routes: WrittenRoute[] = [];
  // The reason may quote a part of the value; where the value came from a reference, it is kept back.
  const reason = (path: PropertyKey[], value: string, mistake: string) =>
    shown(path) === value ? mistake : 'with its references filled in, it is none';
  for (const [context, written] of entriesOf(root['contexts'])) {
    for (const [index, entry] of listOf(written['routes']).entries()) {
      const path = ['contexts', context, 'routes', index];
      const fields = mapOf(entry);
      const match = textOf(entry) ?? textOf(fields['match']);
      // What isn't a method and a path at all is the schema's to name.
      if (match === undefined || !isRoute(match)) continue;
      const pattern = parseRoute(match);
      const matchPath = [...path, 'match'];
      if ('mistake' in pattern) {
        report(path, `route '${shown(matchPath)}': ${reason(matchPath, match, pattern.mistake)}`);
        continue;
      }
      if (pattern.method === 'CONNECT')
        report(path, `route '${shown(matchPath)}': CONNECT asks for a tunnel, which the gateway refuses`);
      checkFields(checked, path, fields);
      const kind = textOf(fields['kind']);
      const host = textOf(fields['host'])?.toLowerCase();
      const conditions = conditionsOf({
        header: askedOf(fields['header']),
        query: askedOf(fields['query']),
      });
      const found = { path, shown: shown(matchPath), context, host, kind, traits: traitsOf(fields) };
      routes.push({ ...found, ...pattern, conditions });
      const rewrite = textOf(fields['rewrite']);
      if (rewrite === undefined || !rewrite.startsWith('/')) continue;
      const parsed = parseRewrite(rewrite, pattern);
      const rewritePath = [...path, 'rewrite'];
      // A mistake of the rewrite quotes the route as well.
      if ('mistake' in parsed) {
        const kept = shown(matchPath) === match ? parsed.mistake : 'it does not fit the route';
        report(rewritePath, `rewrite '${shown(rewritePath)}': ${reason(rewritePath, rewrite, kept)}`);
      }
    }
  }
  checkOverlaps(checked, routes);
}

/** What is of the wrong kind is the schema's to name. */
function askedOf(written: unknown): Record<string, string | true> {
  return Object.fromEntries(
    Object.entries(mapOf(written)).filter(
      (entry): entry is [string, string | true] => typeof entry[1] === 'string' || entry[1] === true,
    ),
  );
}

/** Header fields that no request can have (RFC 9110 §5.1, §5.5), or that say what another field of the route says. */
function checkFields({ report }: Checked, path: PropertyKey[], fields: Record<string, unknown>): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(mapOf(fields['header']))) {
    const at = [...path, 'header', name];
    const lower = name.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) report(at, `no header field can have the name '${name}'`);
    else if (lower === 'host') report(at, 'a host is written as `host:` of the route');
    else if (seen.has(lower)) report(at, `the field '${name}' stands there twice: case doesn't matter in it`);
    else if (
      typeof value === 'string' &&
      !/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/.test(value)
    )
      report(
        at,
        'no header field can have this value: one has no control characters, and no space around it',
      );
    seen.add(lower);
  }
}
