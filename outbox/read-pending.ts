import type { Database } from '../runtime/database.ts';
import { appendedAt, CLOCKS } from './appended-at.ts';
import type { OutboxRow } from './envelope.ts';
import { runStatement } from './run-statement.ts';

/** Most rows that one call reads: MariaDB turns an IN of 1,000 values into a join, and may read the table for it. */
export const MOST_READ = 500;

/** Reads rows by primary key, in the order of `ids`, at most `MOST_READ`; one that isn't pending any more is left out. */
export async function readPending(
  database: Database,
  ids: readonly (number | string)[],
): Promise<OutboxRow[]> {
  const { rows } = await runStatement<OutboxRow>(
    database,
    `SELECT id, event_id, source, type, aggregate_type, aggregate_id, partition_key, bucket,
            occurred_at, data, extensions, ${appendedAt('o')} AS appended_at, sequence, replay
       FROM banyan_outbox o FORCE INDEX (PRIMARY) JOIN ${CLOCKS} WHERE id IN (?) AND state = 'pending'`,
    [ids],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => found.get(id) ?? []);
}
