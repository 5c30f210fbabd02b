import type { Checked } from './cross-checks.ts';
import { isRoute } from './methods.ts';
import { parseRedirect } from './retired.ts';
import { parseRoute, type PatternSegment } from './route-pattern.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** A redirect of a retired context can be filled in for each of its routes, and doesn't lead back into them. */
export function checkRetired({ root, shown, report }: Checked): void {
  for (const [name, context] of entriesOf(root['contexts'])) {
    const redirect = textOf(mapOf(context['retired'])['redirect']);
    if (redirect === undefined) continue;
    const path = ['contexts', name, 'retired', 'redirect'];
    const parsed = parseRedirect(redirect);
    if ('mistake' in parsed) {
      report(path, `redirect '${shown(path)}': ${parsed.mistake}`);
      continue;
    }
    const whole = parsed.segments.length === 1 && parsed.segments[0]!.kind === 'rest';
    if (whole && parsed.origin === '')
      report(path, `redirect '${shown(path)}' leads each request back to itself; name another path or host`);
    for (const [index, written] of listOf(context['routes']).entries()) {
      const match = textOf(written) ?? textOf(mapOf(written)['match']);
      const route = match !== undefined && isRoute(match) ? parseRoute(match) : undefined;
      if (!route || 'mistake' in route) continue;
      const routeShown = shown(['contexts', name, 'routes', index, 'match']);
      for (const segment of parsed.segments) {
        if (
          segment.kind === 'name' &&
          !route.segments.some((own) => own.kind === 'name' && own.name === segment.name)
        )
          report(path, `redirect '${shown(path)}': route '${routeShown}' has no ':${segment.name}'`);
      }
      if (parsed.origin === '' && !whole && matches(route.segments, parsed.segments))
        report(path, `redirect '${shown(path)}' leads back into the context, to route '${routeShown}'`);
    }
  }
}

/** Whether a path of this form is one of the route's, whatever its names are filled in with. */
function matches(route: readonly PatternSegment[], path: readonly PatternSegment[]): boolean {
  for (const [index, segment] of route.entries()) {
    if (segment.kind === 'rest') return true;
    const other = path[index];
    if (other === undefined || other.kind === 'rest') return false;
    if (segment.kind === 'literal' && (other.kind !== 'literal' || other.text !== segment.text)) return false;
  }
  return route.length === path.length;
}
