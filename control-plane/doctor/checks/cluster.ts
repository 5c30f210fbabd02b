import { warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Galera certifies at commit: two nodes can both take a lease before either knows. */
export const cluster: DatabaseCheck = ({ variables, set }) =>
  variables['wsrep_on'] !== 'ON'
    ? []
    : [
        warning(
          'a node of a Galera cluster',
          set === 'outbox'
            ? 'one node for all relays and all writers of the outbox; writers that try again'
            : 'one node for all who write here',
          'point every URL of this database at the same node; a COMMIT may fail with error 1213, so the monolith must repeat its transaction (docs/support.md)',
        ),
      ];
