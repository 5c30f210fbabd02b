import { unsupportedServer } from '../../install/server-version.ts';
import { supportOf } from '../../install/support.ts';
import { ok, problem } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether the server can carry Banyan's tables at all. */
export const version: DatabaseCheck = (facts) => {
  const { support, name } = supportOf(facts.version);
  const aurora = facts.variables['aurora_version'];
  const found = aurora === undefined ? name : `Aurora ${aurora} (${name})`;
  if (support === 'refused')
    return [
      problem(
        `${found}: ${unsupportedServer(facts.version)}`,
        'MySQL 8.0.19 or MariaDB 10.5 at least',
        'upgrade the server; docs/support.md says why',
      ),
    ];
  // Aurora is none of the servers that are run, whatever version it calls itself.
  return [ok(`${found}, ${aurora === undefined ? support : 'expected'} (docs/support.md)`)];
};
