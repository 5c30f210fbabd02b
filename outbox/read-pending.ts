import type { Database } from '../runtime/database.ts';
import { appendedAt, CLOCKS } from './appended-at.ts';
import type { OutboxRow } from './envelope.ts';
import { runStatement } from './run-statement.ts';

/** MariaDB turns an IN of 1,000 values into a join, and may read the table for it. */
const MOST_AT_ONCE = 500;

/** Reads rows by primary key, in the order of `ids`; one that isn't pending any more is left out. */
export async function readPending(
  database: Database,
  ids: readonly (number | string)[],
): Promise<OutboxRow[]> {
  const found = new Map<number | string, OutboxRow>();
  for (let from = 0; from < ids.length; from += MOST_AT_ONCE) {
    const { rows } = await runStatement<OutboxRow>(
      database,
      `SELECT id, event_id, source, type, aggregate_type, aggregate_id, partition_key, bucket,
              occurred_at, data, extensions, ${appendedAt('o')} AS appended_at, sequence, replay
         FROM banyan_outbox o FORCE INDEX (PRIMARY) JOIN ${CLOCKS} WHERE id IN (?) AND state = 'pending'`,
      [ids.slice(from, from + MOST_AT_ONCE)],
    );
    for (const row of rows) found.set(row.id, row);
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}
