import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { dataOf, keyOf, type Events } from './events.ts';
import { openOutbox, type BenchOutbox } from './outbox.ts';
import { untilTrue } from './processes.ts';

/** Rows of one transaction. */
const STEP = 100_000;
/** Different events among them; their ids differ all. */
const DIFFERENT = 10_000;

/** An outbox with so many rows that are settled already, all within the retention. */
export async function openHistory(url: string, { count, keys }: Events): Promise<BenchOutbox> {
  const outbox = await openOutbox(url);
  const { database } = outbox;
  await database.query('CREATE TABLE bench_history (n INT PRIMARY KEY, aggregate_id VARCHAR(64), data TEXT)');
  const rows = Array.from({ length: DIFFERENT }, (_, n) => [n, keyOf(n, { keys }), dataOf(n)]);
  for (let from = 0; from < DIFFERENT; from += 2_000)
    await database.query('INSERT INTO bench_history VALUES ?', [rows.slice(from, from + 2_000)]);
  for (let from = 0; from < count; from += STEP) {
    await database.query(
      `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, state)
       SELECT CONCAT('history-', LPAD(? + t.ten * ${DIFFERENT} + n, 9, '0')), '/bench', 'OrderPlaced', 'order', aggregate_id,
              data, 'settled'
         FROM (${Array.from({ length: STEP / DIFFERENT }, (_, ten) => `SELECT ${ten} AS ten`).join(' UNION ALL ')}) t
              STRAIGHT_JOIN bench_history
        WHERE ? + t.ten * ${DIFFERENT} + n < ?`,
      [from, from, count],
    );
    await database.query(
      `INSERT INTO banyan_outbox_receipt (id, settled_epoch, shard_id, sequence_number)
       SELECT id, 1, 'shardId-000000000000', CONCAT('49', LPAD(id, 54, '0')) FROM banyan_outbox
        WHERE id > (SELECT COALESCE(MAX(id), 0) FROM banyan_outbox_receipt)`,
    );
  }
  await database.query('ANALYZE TABLE banyan_outbox, banyan_outbox_receipt');
  return outbox;
}

/** Runs `work` while a transaction looks at the database as it was before: nothing that is changed can be purged. */
export async function heldUp<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const connection = await database.getConnection();
  await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  await connection.query('SELECT COUNT(*) FROM bench_position');
  try {
    return await work();
  } finally {
    await connection.query('ROLLBACK');
    connection.release();
    await purged(database);
  }
}

/** Resolves when the server has removed what nobody can see any more. */
export async function purged(database: Database): Promise<void> {
  await untilTrue('the old row versions are purged', async () => {
    const [rows] = await database.query<RowDataPacket[]>(
      "SELECT COUNT AS length FROM information_schema.innodb_metrics WHERE NAME = 'trx_rseg_history_len'",
    );
    return Number(rows[0]?.['length'] ?? 0) < 1_000;
  });
}
