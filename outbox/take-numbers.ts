import type { Execute } from './append.ts';
import type { NewRow } from './new-row.ts';

/**
 * Counts up the number of each key by as many events as it has among `rows`, in one statement that leaves the counters
 * locked until the caller's transaction ends; a rollback gives the numbers back. The keys are in one order, for every
 * call, so that two of them never wait for each other. Returns, per row, SQL text that reads its number off the
 * counter, and the key as its value: drivers differ in how they return what a statement read.
 */
export async function takeNumbers(
  execute: Execute,
  rows: readonly NewRow[],
): Promise<ReadonlyMap<NewRow, { readonly sql: string; readonly key: string }>> {
  if (rows.length === 0) return new Map();
  const counts = new Map<string, number>();
  for (const { key } of rows) counts.set(key, (counts.get(key) ?? 0) + 1);
  const keys = [...counts.keys()];
  keys.sort();
  await execute(
    `INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ${keys
      .map((key) => `(?, ${counts.get(key)})`)
      .join(', ')} ON DUPLICATE KEY UPDATE sequence = sequence + VALUES(sequence)`,
    keys,
  );
  return new Map(
    rows.map((row) => {
      // How many numbers of the key come after this one.
      const after = counts.get(row.key)! - 1;
      counts.set(row.key, after);
      const number = after === 0 ? 'sequence' : `sequence - ${after}`;
      return [
        row,
        { sql: `(SELECT ${number} FROM banyan_outbox_sequence WHERE partition_key = ?)`, key: row.key },
      ];
    }),
  );
}
