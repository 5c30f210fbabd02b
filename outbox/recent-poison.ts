import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/**
 * The rows of a type that any relay has parked as poison within so many milliseconds, and since the type was last
 * resumed; `limit` at most. It looks at parked rows alone.
 */
export async function recentPoison(
  database: Database,
  type: string,
  { within, limit }: { readonly within: number; readonly limit: number },
): Promise<(number | string)[]> {
  const { rows } = await runStatement<{ id: number | string }>(
    database,
    `SELECT id FROM banyan_outbox FORCE INDEX (banyan_outbox_parked_key)
      WHERE parked_key IS NOT NULL AND parked_kind = 'poison' AND type = ?
        AND parked_at > CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND
        AND parked_at > COALESCE((SELECT MAX(resumed_at) FROM banyan_outbox_pause WHERE type = ?), '1970-01-02')
      LIMIT ?`,
    [type, within * 1_000, type, limit],
    2_000,
  );
  return rows.map(({ id }) => id);
}
