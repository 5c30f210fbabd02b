import type { ContextConfig, RouteConfig } from './config.ts';
import { compileEdits, type FieldEdits } from './field-edits.ts';
import { reverseRewrite, type ReverseRewrite } from './reverse-rewrite.ts';
import { parseRewrite, parseRoute } from './route-pattern.ts';

/** What a route changes in messages besides the path, while the extracted service answers. */
export interface RouteEdits {
  readonly request: FieldEdits | undefined;
  readonly response: FieldEdits | undefined;
  /** The reverses of the context's rewrites, the route's own first; undefined where there are none. */
  readonly back: readonly ReverseRewrite[] | undefined;
}

/** The edits of each route that has some. */
export function editsOf({ routes }: Pick<ContextConfig, 'routes'>): Map<RouteConfig, RouteEdits> {
  const reverses = new Map<RouteConfig, ReverseRewrite>();
  for (const route of routes) {
    const reverse = reverseOf(route);
    if (reverse) reverses.set(route, reverse);
  }
  const all = [...reverses.values()];
  const edits = new Map<RouteConfig, RouteEdits>();
  for (const route of routes) {
    const request = compileEdits(route.request);
    const response = compileEdits(route.response);
    const own = reverses.get(route);
    const back = all.length === 0 ? undefined : own ? [own, ...all.filter((other) => other !== own)] : all;
    if (request || response || back) edits.set(route, { request, response, back });
  }
  return edits;
}

function reverseOf({ match, rewrite }: RouteConfig): ReverseRewrite | undefined {
  const pattern = parseRoute(match);
  if (rewrite === undefined || 'mistake' in pattern) return undefined;
  const parsed = parseRewrite(rewrite, pattern);
  return 'mistake' in parsed ? undefined : reverseRewrite(pattern.segments, parsed);
}
