import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';

/** How many pending events of a key wait behind its parked ones. */
export interface Waiting {
  readonly events: number;
  /** There may be more: the count has looked at as many rows of the bucket as it may. */
  readonly atLeast: boolean;
}

/** Pending rows of one bucket that are looked at. They are read from the index alone: 50,000 take some 20 ms. */
const MOST = 50_000;

/** The blast radius of parked events: what waits, per key. One look for each bucket; only keys are read. */
export async function countWaiting(
  database: Database,
  keys: readonly { readonly key: string; readonly bucket: number }[],
): Promise<Map<string, Waiting>> {
  const found = new Map<string, Waiting>();
  const buckets = Map.groupBy(keys, ({ bucket }) => bucket);
  for (const [bucket, members] of buckets) {
    const wanted = new Map(members.map(({ key }) => [Buffer.from(key).toString('hex').toUpperCase(), key]));
    const { rows } = await runStatement<{ hex: string; events: number }>(
      database,
      `SELECT HEX(w.partition_key) AS hex, COUNT(*) AS events
         FROM (SELECT partition_key FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
                WHERE state = 'pending' AND bucket = ? ORDER BY id LIMIT ?) w
        GROUP BY HEX(w.partition_key)`,
      [bucket, MOST],
    );
    const looked = rows.reduce((sum, { events }) => sum + Number(events), 0);
    const counts = new Map(rows.map(({ hex, events }) => [hex, Number(events)]));
    for (const [hex, key] of wanted)
      found.set(key, { events: counts.get(hex) ?? 0, atLeast: looked >= MOST });
  }
  return found;
}
