import { ok, problem, warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether sessions run at READ COMMITTED as they ask for it, and what the monolith's own run at. */
export const isolation: DatabaseCheck = ({ isolation: session, variables }) => {
  const global = variables['transaction_isolation'] ?? variables['tx_isolation'] ?? 'not told';
  if (session !== 'READ-COMMITTED')
    return [
      problem(
        `Banyan's session runs at ${session} although it asked for READ COMMITTED`,
        'READ COMMITTED: settle and purge hold up writers otherwise',
        'connect to the server itself, without a proxy that drops SET SESSION',
      ),
    ];
  if (global === 'SERIALIZABLE')
    return [
      warning(
        'sessions of others run at SERIALIZABLE unless they ask for less',
        'REPEATABLE READ or READ COMMITTED',
        "the monolith's reads lock rows and wait for each other: SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ, if the monolith allows it",
      ),
    ];
  return [ok(`Banyan's sessions run at READ COMMITTED, those of others at ${global} by default`)];
};
