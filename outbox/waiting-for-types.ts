import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** How many keys wait for each paused type: each has one event parked as paused. */
export async function keysWaitingByType(database: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await runStatement<{ type: string; waiting: number }>(
    database,
    `SELECT type, COUNT(*) AS waiting FROM banyan_outbox FORCE INDEX (banyan_outbox_parked_key)
      WHERE parked_key IS NOT NULL AND parked_kind = 'paused' GROUP BY type`,
  );
  return new Map(rows.map(({ type, waiting }) => [type, waiting]));
}
