import type { Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { readsWithin } from './limited-read.ts';

/** Events of some aggregate types that aren't acknowledged, by state. What nobody has committed yet is among `pending`. */
export interface Unsent {
  readonly pending: number;
  readonly parked: number;
}

/**
 * Counts them, uncommitted ones included (READ UNCOMMITTED), so that a transaction that is still open can't bring one
 * afterwards that it has appended before. Rejects after `timeout` milliseconds without an answer.
 */
export function readUnsent(
  database: Database,
  aggregateTypes: readonly string[],
  timeout = 10_000,
): Promise<Unsent> {
  return withConnection(
    database,
    async (connection) => {
      await connection.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
      const read = readsWithin(connection, timeout);
      const rows = await read<{ state: keyof Unsent; count: number }>(
        `SELECT state, COUNT(*) AS count FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
          WHERE state IN ('pending', 'parked') AND SUBSTRING_INDEX(partition_key, ':', 1) IN (?) GROUP BY state`,
        [aggregateTypes],
      );
      const counts = Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
      return { pending: 0, parked: 0, ...counts };
    },
    { what: 'events that are not acknowledged', timeout },
  );
}
