import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** Counters that one statement carries. */
const MOST = 500;

interface Counter {
  readonly key: string;
  readonly sequence: number | string;
}

/**
 * Lets the numbers of keys (`ordered: sequence`) and the epochs of buckets of one outbox go on in another one. Neither
 * goes back, so doing it twice changes nothing.
 */
export async function handOver(
  from: Database,
  to: Database,
  aggregateTypes: readonly string[],
): Promise<void> {
  await carryEpochs(from, to);
  for (let after = ''; ;) {
    const { rows }: { rows: Counter[] } = await runStatement<Counter>(
      from,
      `SELECT partition_key AS \`key\`, sequence FROM banyan_outbox_sequence
        WHERE SUBSTRING_INDEX(partition_key, ':', 1) IN (?) AND partition_key > ? ORDER BY partition_key LIMIT ${MOST}`,
      [aggregateTypes, after],
    );
    if (rows.length === 0) return;
    await runStatement(
      to,
      `INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ${rows.map(() => '(?, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE sequence = GREATEST(sequence, VALUES(sequence))`,
      rows.flatMap(({ key, sequence }) => [key, sequence]),
    );
    after = rows.at(-1)!.key;
  }
}

/** A bucket's next owner over there has an epoch above all that were here. */
async function carryEpochs(from: Database, to: Database): Promise<void> {
  const { rows } = await runStatement<{ bucket: number; epoch: number | string }>(
    from,
    'SELECT bucket, epoch FROM banyan_outbox_lease ORDER BY bucket',
  );
  for (const { bucket, epoch } of rows)
    await runStatement(to, 'UPDATE banyan_outbox_lease SET epoch = ? + 1 WHERE bucket = ? AND epoch <= ?', [
      epoch,
      bucket,
      epoch,
    ]);
}
