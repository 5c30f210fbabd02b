import { checkCanary } from './check-canary.ts';
import { checkControl } from './check-control.ts';
import { checkIdentity } from './check-identity.ts';
import { checkRetired } from './check-retired.ts';
import { checkOwnWrites } from './check-own-writes.ts';
import { checkProtection } from './check-protection.ts';
import { checkRoutes } from './check-routes.ts';
import { checkTls } from './tls.ts';
import { checkSeeing } from './check-seeing.ts';
import { checkShadow } from './check-shadow.ts';
import { checkStreams } from './check-streams.ts';
import { milliseconds } from './duration.ts';
import { entriesOf, listOf, mapOf, textOf, valueAt } from './written.ts';

export interface CrossMistake {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** The file while it is checked. */
export interface Checked {
  /** With its references filled in: what is compared, and never shown, since a secret may be in it. */
  readonly root: Record<string, unknown>;
  /** The value as it stands in the file, for a message. */
  readonly shown: (path: PropertyKey[]) => string;
  readonly report: (path: PropertyKey[], message: string) => void;
  /** The line on which the value stands. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

/**
 * What no single field shows: names that must exist, things that belong to one context, limits between fields.
 * Works on the file before the schema, so that these mistakes are named together with all others; what is of the
 * wrong kind is passed over here, because the schema names it. `filled` is `written` with its references filled in.
 */
export function crossChecks(filled: unknown, written: unknown, lineOf: Checked['lineOf']): CrossMistake[] {
  const found: CrossMistake[] = [];
  const checked: Checked = {
    root: mapOf(filled),
    shown: (path) => String(valueAt(written, path)),
    report: (path, message) => void found.push({ path, message }),
    lineOf,
  };
  checkUpstreams(checked);
  checkProtection(checked);
  checkEvents(checked);
  checkRoutes(checked);
  checkRetired(checked);
  checkCanary(checked);
  checkShadow(checked);
  checkOwnWrites(checked);
  checkIdentity(checked);
  checkSeeing(checked);
  checkCaptures(checked);
  checkStreams(checked);
  checkTls(checked);
  checkControl(checked);
  checkRelay(checked);
  return found;
}

function checkUpstreams({ root, shown, report }: Checked): void {
  const upstreams = Object.keys(mapOf(root['upstreams']));
  const known = `known upstreams: ${upstreams.join(', ') || 'none'}`;
  const monolith = root['monolith'] === undefined ? 'monolith' : textOf(root['monolith']);
  const shownMonolith = root['monolith'] === undefined ? 'monolith' : shown(['monolith']);
  if (monolith !== undefined && !upstreams.includes(monolith))
    report(['monolith'], `upstream '${shownMonolith}' is not defined; ${known}`);
  for (const [name, context] of entriesOf(root['contexts'])) {
    const upstream = textOf(context['upstream']);
    const path = ['contexts', name, 'upstream'];
    if (upstream !== undefined && upstream === monolith)
      report(path, `a context's upstream is its extracted service, not the monolith '${shownMonolith}'`);
    else if (upstream !== undefined && !upstreams.includes(upstream))
      report(path, `upstream '${shown(path)}' is not defined; ${known}`);
  }
}

function checkEvents({ root, shown, report }: Checked): void {
  const owners = new Map<string, string>();
  for (const [name, context] of entriesOf(root['contexts'])) {
    for (const [index, event] of listOf(context['events']).entries()) {
      const type = textOf(event);
      if (type === undefined) continue;
      const owner = owners.get(type);
      const path = ['contexts', name, 'events', index];
      if (owner !== undefined)
        report(
          path,
          `event type '${shown(path)}' belongs to context '${owner}' already; a type has one context`,
        );
      else owners.set(type, name);
    }
  }
}

function checkCaptures({ root, shown, report }: Checked): void {
  const contexts = Object.keys(mapOf(root['contexts']));
  for (const [name, capture] of entriesOf(root['captures'])) {
    const context = textOf(capture['context']);
    const path = ['captures', name, 'context'];
    const columns = listOf(capture['columns']);
    for (const [index, column] of listOf(capture['personal']).entries())
      if (!columns.includes(column))
        report(
          ['captures', name, 'personal', index],
          `'${String(column)}' isn't captured; captured are ${columns.join(', ')}`,
        );
    if (context !== undefined && !contexts.includes(context))
      report(
        path,
        `context '${shown(path)}' is not defined; known contexts: ${contexts.join(', ') || 'none'}`,
      );
  }
}

function checkRelay({ root, shown, report }: Checked): void {
  const relay = mapOf(root['relay']);
  const lease = milliseconds(textOf(relay['lease']) ?? '10s');
  const request = milliseconds(textOf(relay['requestTimeout']) ?? '3s');
  if (lease === undefined || request === undefined || request * 2 <= lease) return;
  const written = (field: string, standard: string) =>
    relay[field] === undefined ? standard : shown(['relay', field]);
  report(
    ['relay', relay['requestTimeout'] === undefined ? 'lease' : 'requestTimeout'],
    `requestTimeout (${written('requestTimeout', '3s')}) must be at most half of the lease (${written('lease', '10s')}): a request must not outlive its lease`,
  );
}
