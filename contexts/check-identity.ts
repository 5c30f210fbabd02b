import type { Checked } from './cross-checks.ts';
import { readIdentityKey } from './identity-key.ts';
import { isRoute } from './methods.ts';
import { parseRoute } from './route-pattern.ts';
import { entriesOf, listOf, mapOf, textOf } from './written.ts';

/** Who is calling: asked with something, told to somebody, signed by keys that can be told apart. */
export function checkIdentity({ root, shown, report }: Checked): void {
  const gateway = mapOf(root['gateway']);
  for (const [name, context] of entriesOf(root['contexts']))
    if (context['identity'] !== undefined && gateway['identity'] === undefined)
      report(
        ['contexts', name, 'identity'],
        'nobody says how to find out who is calling; add `gateway.identity` with the monolith’s `path:`, `cookies:` and `keys:`',
      );
  if (gateway['identity'] === undefined) return;
  const identity = mapOf(gateway['identity']);
  const at = ['gateway', 'identity'];
  if (listOf(identity['cookies']).length === 0 && identity['authorization'] !== true)
    report(at, 'the monolith knows nobody without what clients log in with: name its session’s `cookies:`');
  const places = new Map<string, number>();
  for (const [index, written] of listOf(identity['keys']).entries()) {
    const key = readIdentityKey(textOf(written) ?? '');
    if ('mistake' in key) continue;
    const first = places.get(key.kid);
    if (first === undefined) places.set(key.kid, index);
    else
      report(
        [...at, 'keys', index],
        `the same \`kid\` as that of key ${first + 1}; each key needs one of its own`,
      );
  }
  for (const [index, written] of listOf(identity['changedBy']).entries()) {
    const route = textOf(written);
    const parsed = route !== undefined && isRoute(route) ? parseRoute(route) : undefined;
    const path = [...at, 'changedBy', index];
    if (parsed && 'mistake' in parsed) report(path, `route '${shown(path)}': ${parsed.mistake}`);
  }
}
