import type { Checked } from './cross-checks.ts';
import { isRoute } from './methods.ts';
import { parseRewrite, parseRoute, routeShape } from './route-pattern.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** Each route can match something, belongs to one context, and rewrites to what it has. */
export function checkRoutes({ root, shown, report }: Checked): void {
  const owners = new Map<string, string>();
  // The reason may quote a part of the value; where the value came from a reference, it is kept back.
  const reason = (path: PropertyKey[], value: string, mistake: string) =>
    shown(path) === value ? mistake : 'with its references filled in, it is none';
  for (const [name, context] of entriesOf(root['contexts'])) {
    for (const [index, written] of listOf(context['routes']).entries()) {
      const path = ['contexts', name, 'routes', index];
      const match = textOf(written) ?? textOf(mapOf(written)['match']);
      // What isn't a method and a path at all is the schema's to name.
      if (match === undefined || !isRoute(match)) continue;
      const pattern = parseRoute(match);
      const matchPath = [...path, 'match'];
      if ('mistake' in pattern) {
        report(path, `route '${shown(matchPath)}': ${reason(matchPath, match, pattern.mistake)}`);
        continue;
      }
      const owner = owners.get(routeShape(pattern));
      if (owner !== undefined)
        report(path, `route '${shown(matchPath)}' matches the same requests as one of context '${owner}'`);
      else owners.set(routeShape(pattern), name);
      const rewrite = textOf(mapOf(written)['rewrite']);
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
}
