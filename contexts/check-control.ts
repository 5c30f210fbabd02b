import { collide, isAddress, isLoopback } from './address.ts';
import type { Checked } from './cross-checks.ts';
import { listOf, mapOf, textOf } from './written.ts';

/** The control plane: its store, who may reach it, and the ports that one process takes. */
export function checkControl(checked: Checked): void {
  const { root, report } = checked;
  const control = mapOf(root['control']);
  if (control['store'] === 'mysql' && control['database'] === undefined)
    report(['control'], 'store mysql needs `database:`, a URL such as mysql://user:password@host:3306/name');
  checkExposure(checked);
  checkTokens(checked);
  checkAddresses(checked);
}

/** Whoever reaches the admin API can try to change where requests go: from other hosts only on purpose. */
function checkExposure({ root, shown, report }: Checked): void {
  const control = mapOf(root['control']);
  const admin = textOf(control['admin']) ?? '127.0.0.1:9102';
  const exposed = control['exposed'] === true;
  if (!exposed && isAddress(admin) && !isLoopback(admin))
    report(
      ['control', 'admin'],
      `other hosts reach '${shown(['control', 'admin'])}'; use a loopback address such as 127.0.0.1:9102, or say \`exposed: true\` beside it`,
    );
  if (exposed && listOf(control['tokens']).length === 0)
    report(
      ['control', 'exposed'],
      'an exposed admin API needs `tokens:`, a list of `{ owner, token }`, one for each person and program',
    );
}

function checkTokens({ root, shown, report }: Checked): void {
  const known = new Map<string, number>();
  for (const [index, entry] of listOf(mapOf(root['control'])['tokens']).entries()) {
    const token = textOf(mapOf(entry)['token']);
    if (token === undefined) continue;
    const first = known.get(token);
    if (first === undefined) known.set(token, index);
    else
      report(
        ['control', 'tokens', index, 'token'],
        `the same token as that of '${shown(['control', 'tokens', first, 'owner'])}': the audit could not tell the two apart`,
      );
  }
}

/** What `banyan gateway` and `banyan control-plane` take on one host. */
const ADDRESSES = [
  ['gateway', 'listen', '127.0.0.1:8080'],
  ['gateway', 'ops', '127.0.0.1:9101'],
  ['control', 'admin', '127.0.0.1:9102'],
  ['control', 'ops', '127.0.0.1:9105'],
] as const;

function checkAddresses({ root, report }: Checked): void {
  const all = ADDRESSES.map(([part, field, standard]) => {
    const written = mapOf(root[part])[field];
    return {
      path: [part, field],
      written: written !== undefined,
      value: written === undefined ? standard : textOf(written),
    };
  }).filter(({ value }) => value !== undefined && isAddress(value));
  for (const [index, later] of all.entries()) {
    for (const earlier of all.slice(0, index)) {
      if (!collide(earlier.value!, later.value!)) continue;
      const [at, other] = later.written ? [later, earlier] : [earlier, later];
      report(at.path, `the same address as ${other.path.join('.')}; each needs a port of its own`);
    }
  }
}
