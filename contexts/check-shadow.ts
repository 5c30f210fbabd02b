import type { Checked } from './cross-checks.ts';
import { isRoute } from './methods.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** Only what is shadowed can be asked for twice, and only what a route names can be kept out of its examples. */
export function checkShadow({ root, shown, report }: Checked): void {
  for (const [name, context] of entriesOf(root['contexts'])) {
    const routes = listOf(context['routes']);
    const matches = routes.map((written) => textOf(written) ?? textOf(mapOf(written)['match']));
    for (const [index, written] of routes.entries()) {
      const { repeatable, kind } = mapOf(written);
      const match = matches[index];
      if (repeatable !== true || match === undefined || !isRoute(match)) continue;
      if (kind === 'write' || !/^(?:GET|HEAD|\*) /.test(match))
        report(
          ['contexts', name, 'routes', index, 'repeatable'],
          `route '${shown(['contexts', name, 'routes', index, 'match'])}' is a write, or no GET or HEAD; only a read that can be shadowed is repeatable`,
        );
    }
    for (const [index, written] of listOf(mapOf(context['shadow'])['personal']).entries()) {
      const personal = textOf(written);
      const path = ['contexts', name, 'shadow', 'personal', index];
      if (personal?.startsWith(':') && !matches.some((match) => match?.split(/[ /]/).includes(personal)))
        report(path, `no route of the context has a segment '${shown(path)}'`);
    }
  }
}
