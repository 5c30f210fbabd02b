import type { Checked } from './cross-checks.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** What streams, contexts and captures ask of each other: all events of a key go to one stream. */
export function checkStreams({ root, shown, report }: Checked): void {
  const own = textOf(mapOf(root['stream'])['name']);
  const further = Object.keys(mapOf(root['streams']));
  if (further.length > 0 && root['stream'] === undefined)
    report(['streams'], 'streams are besides the one of all other events; add `stream: { name: … }`');
  if (own !== undefined && further.includes(own))
    report(['streams', own], `'${own}' is stream.name already; streams are those besides it`);
  const captures = entriesOf(root['captures']);
  const owners = new Map<string, string>();
  const claim = (path: PropertyKey[], type: string, context: string) => {
    const owner = owners.get(type) ?? context;
    if (owner !== context)
      report(
        path,
        `aggregate type '${shown(path)}' belongs to context '${owner}' already; a type has one context`,
      );
    owners.set(type, owner);
  };
  for (const [name, context] of entriesOf(root['contexts'])) {
    const stream = textOf(context['stream']);
    const path = ['contexts', name, 'stream'];
    if (stream !== undefined && stream !== own && !further.includes(stream))
      report(
        path,
        `stream '${shown(path)}' is not defined; known streams: ${[...new Set([...(own === undefined ? [] : [own]), ...further])].join(', ') || 'none'}`,
      );
    const types = listOf(context['aggregates']);
    if (stream !== undefined && types.length === 0 && !captures.some(([, one]) => one['context'] === name))
      report(
        path,
        'no event goes there; say which with `aggregates: [order]`, or with a capture of the context',
      );
    for (const [index, type] of types.entries())
      if (typeof type === 'string') claim(['contexts', name, 'aggregates', index], type, name);
  }
  for (const [name, capture] of captures) {
    const [type, context] = [textOf(capture['aggregate']), textOf(capture['context'])];
    if (type !== undefined && context !== undefined) claim(['captures', name, 'aggregate'], type, context);
  }
}
