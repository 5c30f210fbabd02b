import { ok, problem } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether the URL leads to one server: leases and events are rows, and must be the same for everybody. */
export const server: DatabaseCheck = ({ servers: [one, other] }) =>
  one === other
    ? [ok('two connections reach the same server')]
    : [
        problem(
          `two connections reach different servers: ${one}; ${other}`,
          'one server, the primary',
          'point the URL at the primary itself (the writer endpoint), not at a balancer or a reader endpoint',
        ),
      ];
