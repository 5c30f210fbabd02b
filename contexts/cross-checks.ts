import { milliseconds } from './duration.ts';
import { parseRewrite, parseRoute, routeShape } from './route-pattern.ts';

export interface CrossMistake {
  readonly path: PropertyKey[];
  readonly message: string;
}

type Report = (path: PropertyKey[], message: string) => void;

/**
 * What no single field shows: names that must exist, things that belong to one context, limits between fields.
 * Works on the file as written, so that these mistakes are named together with all others; what is of the wrong
 * kind is passed over here, because the schema names it.
 */
export function crossChecks(written: unknown): CrossMistake[] {
  const found: CrossMistake[] = [];
  const report: Report = (path, message) => void found.push({ path, message });
  const root = mapOf(written);
  checkUpstreams(root, report);
  checkEvents(root, report);
  checkRoutes(root, report);
  const contexts = Object.keys(mapOf(root['contexts']));
  for (const [name, capture] of entriesOf(root['captures'])) {
    const context = textOf(capture['context']);
    if (context !== undefined && !contexts.includes(context))
      report(
        ['captures', name, 'context'],
        `context '${context}' is not defined; known contexts: ${contexts.join(', ') || 'none'}`,
      );
  }
  const control = mapOf(root['control']);
  if (control['store'] === 'mysql' && control['database'] === undefined)
    report(['control'], 'store mysql needs `database:`, a URL such as mysql://user:password@host:3306/name');
  const relay = mapOf(root['relay']);
  const lease = milliseconds(textOf(relay['lease']) ?? '10s');
  const request = milliseconds(textOf(relay['requestTimeout']) ?? '3s');
  if (lease !== undefined && request !== undefined && request * 2 > lease)
    report(
      ['relay', relay['requestTimeout'] === undefined ? 'lease' : 'requestTimeout'],
      `requestTimeout (${request} ms) must be at most half of the lease (${lease} ms): a request must not outlive its lease`,
    );
  return found;
}

function checkUpstreams(root: Record<string, unknown>, report: Report): void {
  const upstreams = Object.keys(mapOf(root['upstreams']));
  const known = `known upstreams: ${upstreams.join(', ') || 'none'}`;
  const monolith = root['monolith'] === undefined ? 'monolith' : textOf(root['monolith']);
  if (monolith !== undefined && !upstreams.includes(monolith))
    report(['monolith'], `upstream '${monolith}' is not defined; ${known}`);
  for (const [name, context] of entriesOf(root['contexts'])) {
    const upstream = textOf(context['upstream']);
    const path = ['contexts', name, 'upstream'];
    if (upstream !== undefined && upstream === monolith)
      report(path, `a context's upstream is its extracted service, not the monolith '${monolith}'`);
    else if (upstream !== undefined && !upstreams.includes(upstream))
      report(path, `upstream '${upstream}' is not defined; ${known}`);
    if ('canary' in mapOf(context['reads']) && context['cohort'] === undefined)
      report(
        ['contexts', name, 'reads'],
        'canary needs a cohort (cookie or header) to be sticky for; add `cohort:`',
      );
  }
}

function checkEvents(root: Record<string, unknown>, report: Report): void {
  const owners = new Map<string, string>();
  for (const [name, context] of entriesOf(root['contexts'])) {
    for (const [index, event] of listOf(context['events']).entries()) {
      const type = textOf(event);
      if (type === undefined) continue;
      const owner = owners.get(type);
      if (owner !== undefined)
        report(
          ['contexts', name, 'events', index],
          `event type '${type}' belongs to context '${owner}' already; a type has one context`,
        );
      else owners.set(type, name);
    }
  }
}

function checkRoutes(root: Record<string, unknown>, report: Report): void {
  const owners = new Map<string, string>();
  for (const [name, context] of entriesOf(root['contexts'])) {
    for (const [index, written] of listOf(context['routes']).entries()) {
      const path = ['contexts', name, 'routes', index];
      const match = textOf(written) ?? textOf(mapOf(written)['match']);
      // What isn't a method and a path at all is the schema's to name.
      if (match === undefined || !/^([A-Z]+|\*) \/\S*$/.test(match)) continue;
      const pattern = parseRoute(match);
      if ('mistake' in pattern) {
        report(path, `route '${match}': ${pattern.mistake}`);
        continue;
      }
      const owner = owners.get(routeShape(pattern));
      if (owner !== undefined)
        report(path, `route '${match}' matches the same requests as one of context '${owner}'`);
      else owners.set(routeShape(pattern), name);
      const rewrite = textOf(mapOf(written)['rewrite']);
      if (rewrite === undefined || !rewrite.startsWith('/')) continue;
      const parsed = parseRewrite(rewrite, pattern);
      if ('mistake' in parsed) report([...path, 'rewrite'], `rewrite '${rewrite}': ${parsed.mistake}`);
    }
  }
}

function mapOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function entriesOf(value: unknown): [string, Record<string, unknown>][] {
  return Object.entries(mapOf(value)).map(([name, entry]) => [name, mapOf(entry)]);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
