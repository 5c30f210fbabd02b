import type { Checked } from './cross-checks.ts';
import { milliseconds } from './duration.ts';
import { isRoute } from './methods.ts';
import { parseRoute } from './route-pattern.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** Who has written must be known, on every gateway that there may be; and a lag has to be measured by somebody. */
export function checkOwnWrites(checked: Checked): void {
  for (const [name, context] of entriesOf(checked.root['contexts'])) {
    const path = ['contexts', name];
    if (isOn(context['afterWrite'])) checkAfterWrite(checked, path, context);
    if (context['maxLag'] !== undefined) checkMaxLag(checked, path, context);
  }
}

const isOn = (written: unknown) => written !== undefined && written !== 'off';

function checkAfterWrite(
  { root, report, shown }: Checked,
  path: string[],
  context: Record<string, unknown>,
): void {
  const at = [...path, 'afterWrite'];
  if (context['cohort'] === undefined)
    report(
      at,
      'a cohort (cookie, header, jwt, parameter or address) is what a write is remembered by; add `cohort:`',
    );
  const routes = mapOf(context['afterWrite'])['routes'];
  const parameter = textOf(mapOf(context['cohort'])['parameter']);
  if (parameter !== undefined && routes === undefined)
    report(
      at,
      `the cohort stands in the path, and requests of other routes say nothing of it; name those that have ':${shown([...path, 'cohort', 'parameter'])}' with \`routes:\` (none: \`routes: []\`)`,
    );
  for (const [index, written] of listOf(routes).entries()) {
    const match = textOf(written);
    const route = match !== undefined && isRoute(match) ? parseRoute(match) : undefined;
    if (!route) continue;
    const place = [...at, 'routes', index];
    if ('mistake' in route) report(place, `route '${shown(place)}': ${route.mistake}`);
    else if (
      parameter !== undefined &&
      !route.segments.some((segment) => segment.kind === 'name' && segment.name === parameter)
    )
      report(place, `route '${shown(place)}' has no ':${shown([...path, 'cohort', 'parameter'])}'`);
  }
  const gateway = mapOf(root['gateway']);
  const carried = root['redis'] !== undefined || gateway['ownWrites'] !== undefined;
  const several = [
    ...(mapOf(root['control'])['store'] === 'mysql' ? ['with store mysql'] : []),
    ...(gateway['reusePort'] === true ? ['with reusePort'] : []),
  ];
  if (!carried && several.length > 0)
    report(
      at,
      `${several[0]} there may be several gateways, and each has to know what was written through another; add \`redis:\`, or \`ownWrites: { keys: […] }\` under gateway`,
    );
}

function checkMaxLag(
  { root, report, shown }: Checked,
  path: string[],
  context: Record<string, unknown>,
): void {
  const at = [...path, 'maxLag'];
  if (context['consumer'] === undefined)
    report(at, "the lag is that of the context's consumer; add `consumer:`, the application's name");
  if (root['outbox'] === undefined)
    report(at, 'nobody knows what has not reached the stream; add `outbox: { database: … }`');
  const written = context['afterWrite'];
  if (!isOn(written)) return;
  const length = textOf(written) ?? textOf(mapOf(written)['for']) ?? '5s';
  const [most, kept] = [milliseconds(textOf(context['maxLag']) ?? ''), milliseconds(length)];
  if (most !== undefined && kept !== undefined && most > kept)
    report(
      at,
      `maxLag (${shown(at)}) must be at most afterWrite (${length}): what was written would be forgotten before the consumer has it`,
    );
}
