import type { RowDataPacket } from 'mysql2/promise';
import type { RowChange } from '../../../legacy-adapter/index.ts';
import type { Database } from '../../../runtime/database.ts';

/** The row events in the outbox, in the order in which they were appended. */
export async function rowEvents(
  database: Database,
): Promise<{ type: string; key: string; before: RowChange['before']; after: RowChange['after'] }[]> {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT type, partition_key, data FROM banyan_outbox ORDER BY id',
  );
  return rows.map((row) => {
    const change = JSON.parse(row['data'] as string) as RowChange;
    return {
      type: row['type'] as string,
      key: row['partition_key'] as string,
      before: change.before,
      after: change.after,
    };
  });
}
