import { unsupportedServer } from './server-version.ts';

/** How far a server is known to carry Banyan: `tested` is run by CI, `expected` has all that is used and isn't run. */
export type Support = 'tested' | 'expected' | 'refused';

/** What CI runs the whole suite on: kind, and the beginning of the version. docs/support.md says the same. */
const TESTED: readonly (readonly [string, string])[] = [
  ['MariaDB', '10.11.'],
  ['MySQL', '9.7.'],
];

/** By `VERSION()`. Amazon's, Percona's and other builds are taken as what they are built from. */
export function supportOf(version: string): { readonly support: Support; readonly name: string } {
  const kind = version.includes('MariaDB') ? 'MariaDB' : 'MySQL';
  const name = `${kind} ${/^[\d.]+/.exec(version)?.[0] ?? version}`;
  if (unsupportedServer(version) !== undefined) return { support: 'refused', name };
  const tested = TESTED.some(([known, prefix]) => known === kind && version.startsWith(prefix));
  return { support: tested ? 'tested' : 'expected', name };
}
