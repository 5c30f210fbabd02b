import { ok, problem } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether anything can be written: a replica and Aurora's readers can't be. */
export const writable: DatabaseCheck = ({ variables }) => {
  // MariaDB 11.8 and later say OFF, NO_LOCK or NO_LOCK_NO_ADMIN.
  const on = ['read_only', 'super_read_only', 'innodb_read_only'].filter(
    (name) => !['OFF', '0', undefined].includes(variables[name]),
  );
  return on.length === 0
    ? [ok('the server takes writes')]
    : [
        problem(
          `${on.map((name) => `${name} is ${variables[name]}`).join(', ')}: this is a replica, or somebody stopped the writes`,
          'the primary, which takes writes',
          'point the URL at the primary; if this is the primary: SET GLOBAL read_only = OFF',
        ),
      ];
};
