import { LineCounter, parseDocument, isMap, isSeq, isScalar, type Node, type Pair } from 'yaml';
import type { z } from 'zod';
import { configSchema, type Config } from './config.ts';

/** One mistake in `banyan.yaml`: where it is and what is required there. Lines and columns count from 1. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  /** `contexts.inventory.routes.0`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Reads the text of `banyan.yaml`. All mistakes come back at once, each with its line.
 *
 * `secrets` fills in `${VAR}` and `${file:/path}`; it returns undefined for what isn't there, which is a
 * mistake too. Filling in happens per string value, after YAML is parsed, so a secret can't change the structure.
 */
export function parseConfig(text: string, secrets: (reference: string) => string | undefined): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, path: string, message: string): Mistake => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), path, message };
  };
  if (document.errors.length > 0) {
    return { ok: false, mistakes: document.errors.map((error) => at(error.pos[0], '', error.message)) };
  }

  const mistakes: Mistake[] = [];
  const offsetOf = (path: readonly PropertyKey[]) => findOffset(document.contents as Node | null, path);
  const fill = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') {
      return value.replaceAll(/\$\{([^}]+)\}/g, (whole, reference: string) => {
        const found = secrets(reference);
        if (found === undefined) {
          mistakes.push(
            at(offsetOf(path), path.join('.'), `${whole} is not set; set it, or write the value itself`),
          );
        }
        return found ?? whole;
      });
    }
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key])]),
      );
    }
    return value;
  };

  const filled = fill(document.toJS() ?? {}, []);
  const unset = new Set(mistakes.map((mistake) => mistake.path));
  const result = configSchema.safeParse(filled);
  if (!result.success) {
    for (const issue of flatten(result.error.issues)) {
      const path = issue.path.join('.');
      if (!unset.has(path)) mistakes.push(at(offsetOf(issue.path), path, describeIssue(issue)));
    }
  }
  for (const { path, message } of result.success ? crossChecks(result.data) : []) {
    mistakes.push(at(offsetOf(path), path.join('.'), message));
  }
  if (mistakes.length > 0 || !result.success) {
    return { ok: false, mistakes: mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { ok: true, config: result.data };
}

/** What no single field shows: names that must exist, types that belong to one context, limits between fields. */
function crossChecks(config: Config): { path: PropertyKey[]; message: string }[] {
  const found: { path: PropertyKey[]; message: string }[] = [];
  const upstreams = Object.keys(config.upstreams);
  const known = `known upstreams: ${upstreams.join(', ') || 'none'}`;
  if (!upstreams.includes(config.monolith)) {
    found.push({ path: ['monolith'], message: `upstream '${config.monolith}' is not defined; ${known}` });
  }
  const ownerOf = new Map<string, string>();
  const routeOwner = new Map<string, string>();
  for (const [name, context] of Object.entries(config.contexts)) {
    if (!upstreams.includes(context.upstream)) {
      found.push({
        path: ['contexts', name, 'upstream'],
        message: `upstream '${context.upstream}' is not defined; ${known}`,
      });
    } else if (context.upstream === config.monolith) {
      found.push({
        path: ['contexts', name, 'upstream'],
        message: `a context's upstream is its extracted service, not the monolith '${config.monolith}'`,
      });
    }
    if (context.reads.stage === 'canary' && !context.cohort) {
      found.push({
        path: ['contexts', name, 'reads'],
        message: 'canary needs a cohort (cookie or header) to be sticky for; add `cohort:`',
      });
    }
    context.events.forEach((type, index) => {
      const owner = ownerOf.get(type);
      if (owner)
        found.push({
          path: ['contexts', name, 'events', index],
          message: `event type '${type}' belongs to context '${owner}' already; a type has one context`,
        });
      else ownerOf.set(type, name);
    });
    context.routes.forEach((route, index) => {
      const shape = route.match.replaceAll(/:[A-Za-z0-9_]+/g, ':');
      const owner = routeOwner.get(shape);
      if (owner)
        found.push({
          path: ['contexts', name, 'routes', index],
          message: `route '${route.match}' matches the same requests as one of context '${owner}'`,
        });
      else routeOwner.set(shape, name);
      const names = new Set(route.match.match(/:[A-Za-z0-9_]+/g));
      for (const used of route.rewrite?.match(/:[A-Za-z0-9_]+/g) ?? []) {
        if (!names.has(used))
          found.push({
            path: ['contexts', name, 'routes', index, 'rewrite'],
            message: `'${used}' is not a part of the route '${route.match}'`,
          });
      }
    });
  }
  for (const [name, capture] of Object.entries(config.captures)) {
    if (capture.context !== undefined && !config.contexts[capture.context]) {
      found.push({
        path: ['captures', name, 'context'],
        message: `context '${capture.context}' is not defined; known contexts: ${Object.keys(config.contexts).join(', ') || 'none'}`,
      });
    }
  }
  if (config.control.store === 'mysql' && !config.control.database) {
    found.push({
      path: ['control'],
      message: 'store mysql needs `database:`, a URL such as mysql://user:password@host:3306/name',
    });
  }
  if (config.relay.requestTimeout * 2 > config.relay.lease) {
    found.push({
      path: ['relay', 'requestTimeout'],
      message: `requestTimeout (${config.relay.requestTimeout} ms) must be at most half of the lease (${config.relay.lease} ms): a request must not outlive its lease`,
    });
  }
  return found;
}

/** A union reports each branch; the branch that got furthest is the one the author meant. */
function flatten(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const branches = issue.errors.filter((branch) => branch.some((inner) => inner.path.length > 0));
    const meant = branches[0];
    return meant
      ? flatten(meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })))
      : [issue];
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown ${issue.keys.length > 1 ? 'fields' : 'field'} ${issue.keys.map((key) => `'${key}'`).join(', ')}`;
    case 'invalid_key':
      return `the name is not possible: ${issue.issues.map(describeIssue).join('; ')}`;
    case 'invalid_format':
    case 'custom':
      return `required: ${issue.message}`;
    case 'invalid_type':
      return issue.message === 'Invalid input: expected ' + issue.expected + ', received undefined'
        ? `missing: ${issue.expected} is required`
        : issue.message;
    default:
      return issue.message;
  }
}

/** Where in the text the value at `path` begins, or the nearest thing around it. */
function findOffset(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (!item) return offset;
      offset = (item as Node).range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
