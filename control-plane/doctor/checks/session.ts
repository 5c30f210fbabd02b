import { ok, problem } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether a session keeps its connection: time zone, isolation and open transactions are the session's. */
export const session: DatabaseCheck = ({ stableSession }) =>
  stableSession
    ? [ok('a session keeps its connection and its variables')]
    : [
        problem(
          'statements of one session run on different connections, or lose what the session has set',
          'a session of its own for each client connection',
          'connect to the server itself; or pin sessions: RDS Proxy does so by itself after SET, in ProxySQL switch multiplexing off for this user (docs/support.md)',
        ),
      ];
