import { isRoute } from './methods.ts';
import type { Checked } from './cross-checks.ts';
import { parseRoute } from './route-pattern.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** A canary knows who it is sticky for, its lists agree, and no cache in front shares its answers between cohorts. */
export function checkCanary(checked: Checked): void {
  for (const [name, context] of entriesOf(checked.root['contexts'])) {
    const reads = mapOf(context['reads']);
    const path = ['contexts', name];
    if ('canary' in reads && context['cohort'] === undefined)
      checked.report(
        [...path, 'reads'],
        'canary needs a cohort (cookie, header, jwt, parameter or address) to be sticky for; add `cohort:`',
      );
    checkLists(checked, path, context);
    checkParameter(checked, path, context);
    checkCdn(checked, path, mapOf(context['cohort']));
  }
}

function checkLists({ report, shown }: Checked, path: string[], context: Record<string, unknown>): void {
  const reads = mapOf(context['reads']);
  const [include, exclude] = [listOf(reads['include']), listOf(reads['exclude'])];
  const index = exclude.findIndex((entry) => include.includes(entry));
  const at = [...path, 'reads', 'exclude', index];
  if (index >= 0) report(at, `'${shown(at)}' is included and excluded; take it out of one of the lists`);
  const cohort = mapOf(context['cohort']);
  const { publicKey, secret } = mapOf(cohort['jwt']);
  if (publicKey !== undefined && secret !== undefined)
    report(
      [...path, 'cohort', 'jwt', 'secret'],
      'publicKey and secret exclude each other: tokens are signed with a private key, or with a secret (HS256)',
    );
  const unverified = 'jwt' in cohort && publicKey === undefined && secret === undefined;
  if (include.length + exclude.length > 0 && unverified) report([...path, 'reads'], UNVERIFIED);
}

export const UNVERIFIED =
  'include and exclude can’t rest on a claim of a JWT that nobody has verified; give the jwt a publicKey or a secret, or leave them out';

function checkParameter({ report, shown }: Checked, path: string[], context: Record<string, unknown>): void {
  const parameter = textOf(mapOf(context['cohort'])['parameter']);
  if (parameter === undefined) return;
  for (const [index, written] of listOf(context['routes']).entries()) {
    const match = textOf(written) ?? textOf(mapOf(written)['match']);
    const route = match !== undefined && isRoute(match) ? parseRoute(match) : undefined;
    if (!route || 'mistake' in route) continue;
    if (!route.segments.some((segment) => segment.kind === 'name' && segment.name === parameter))
      report(
        [...path, 'cohort', 'parameter'],
        `route '${shown([...path, 'routes', index, 'match'])}' has no ':${shown([...path, 'cohort', 'parameter'])}'; its requests would have no cohort`,
      );
  }
}

/** What one cohort was answered must not be given to another from a cache (RFC 9111 §4). */
function checkCdn({ root, report, shown }: Checked, path: string[], cohort: Record<string, unknown>): void {
  const cdn = mapOf(mapOf(root['gateway'])['cdn']);
  if (cdn['cacheKey'] === undefined || Object.keys(cohort).length === 0 || 'parameter' in cohort) return;
  const jwt = mapOf(cohort['jwt']);
  const cookie = textOf(cohort['cookie']) ?? textOf(jwt['cookie']);
  const header =
    textOf(cohort['header']) ?? textOf(jwt['header']) ?? ('jwt' in cohort ? 'authorization' : undefined);
  if (cookie === undefined && header === undefined) {
    if ('address' in cohort)
      report(
        [...path, 'cohort'],
        'behind a CDN a canary needs answers that no cache shares between cohorts, and a cache key has no client address; say `cdn: private` under gateway',
      );
    return;
  }
  const [kind, name] = cookie === undefined ? (['header', header!] as const) : (['cookie', cookie] as const);
  const same = (a: string | undefined, b: string) =>
    kind === 'header' ? a?.toLowerCase() === b.toLowerCase() : a === b;
  if (listOf(cdn['cacheKey']).some((part) => same(textOf(mapOf(part)[kind]), name))) return;
  const written = 'jwt' in cohort ? [...path, 'cohort', 'jwt', kind] : [...path, 'cohort', kind];
  const found = 'jwt' in cohort && jwt[kind] === undefined ? name : shown(written);
  report(
    [...path, 'cohort'],
    `behind a CDN a canary needs answers that no cache shares between cohorts: add { ${kind}: ${found} } to gateway.cdn.cacheKey and to the CDN's own cache key, or say \`cdn: private\` under gateway`,
  );
}
