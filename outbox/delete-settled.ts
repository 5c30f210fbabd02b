import type { ResultSetHeader } from 'mysql2/promise';
import { inTransaction, type Database } from '../runtime/database.ts';

/** Deletes those of the rows that are settled, with their receipts, by primary key. Returns how many rows they were. */
export async function deleteSettled(database: Database, ids: readonly (number | string)[]): Promise<number> {
  if (ids.length === 0) return 0;
  // A join and not an IN: see settle.ts.
  const rows = `(SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(ids.length - 1)}) v
                STRAIGHT_JOIN banyan_outbox o ON o.id = v.id`;
  return inTransaction(
    database,
    async (connection) => {
      const run = async (sql: string) =>
        (await connection.query<ResultSetHeader>(sql, [...ids]))[0].affectedRows;
      await run(
        `DELETE r FROM ${rows} STRAIGHT_JOIN banyan_outbox_receipt r ON r.id = o.id WHERE o.state = 'settled'`,
      );
      return run(`DELETE o FROM ${rows} WHERE o.state = 'settled'`);
    },
    { what: 'deleting settled events', timeout: 10_000 },
  );
}
