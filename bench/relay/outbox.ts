import { randomBytes } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { install } from '../../control-plane/install/index.ts';
import { openDatabase, type Connection, type Database } from '../../runtime/database.ts';
import { dataOf, keyOf, type Events } from './events.ts';
import { untilTrue } from './processes.ts';

/** An outbox of its own for measuring. */
export interface BenchOutbox {
  readonly url: string;
  readonly database: Database;
  /**
   * Writes the next events in one transaction; resolves with the clocks just before its commit, at which `ready` is
   * called.
   */
  append(events: Events, ready?: () => Promise<void>): Promise<Committed>;
  /** How many buckets each relay holds. */
  leases(): Promise<number[]>;
  /** Resolves when nothing is pending behind that commit: with the seconds that it took, by the database's clock. */
  settled(committed: Committed): Promise<number>;
  drop(): Promise<void>;
}

export interface Committed {
  /** The number of the first event. */
  readonly first: number;
  /** Rows up to this id were there before. */
  readonly after: number | string;
  /** By the database's clock. */
  readonly at: string;
  /** Milliseconds since 1970, by ours. */
  readonly here: number;
}

const read = async <Row>(database: Pick<Database, 'query'>, sql: string, values: unknown[] = []) =>
  (await database.query<RowDataPacket[]>(sql, values))[0] as Row[];

/** Makes a database with an outbox on the server of `url`. */
export async function openOutbox(url: string): Promise<BenchOutbox> {
  const name = `banyan_bench_${randomBytes(4).toString('hex')}`;
  const server = openDatabase(url, { connections: 1 });
  await server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const own = `${url.replace(/\/$/, '')}/${name}`;
  await install({ url: own, set: 'outbox' });
  const database = openDatabase(own, { connections: 6 });
  await database.query(
    'CREATE TABLE bench_event (n INT PRIMARY KEY, aggregate_id VARCHAR(64) NOT NULL, data TEXT NOT NULL)',
  );
  await database.query('CREATE TABLE bench_position (id BIGINT NOT NULL)');
  await database.query('INSERT INTO bench_position VALUES (0)');
  let next = 1;
  return {
    url: own,
    database,
    async append(events, ready) {
      const first = next;
      next += events.count;
      await prepare(database, { ...events, first });
      const connection = await database.getConnection();
      try {
        return await appendAll(connection, { ...events, first, ready });
      } finally {
        connection.release();
      }
    },
    async settled({ after, at }) {
      await untilTrue('nothing is pending', async () => {
        const pending = await read(
          database,
          "SELECT 1 FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket) WHERE state = 'pending' LIMIT 1",
        );
        return pending.length === 0;
      });
      const [found] = await read<{ seconds: number; others: number | string }>(
        database,
        `SELECT TIMESTAMPDIFF(MICROSECOND, ?, MAX(settled_at)) / 1e6 AS seconds,
                SUM(sequence_number IS NULL) + (SELECT COUNT(*) FROM banyan_outbox WHERE id > ?) - COUNT(*) AS others
           FROM banyan_outbox_receipt WHERE id > ?`,
        [at, after, after],
      );
      if (Number(found!.others) > 0) throw new Error(`${found!.others} events were not acknowledged`);
      return Number(found!.seconds);
    },
    async leases() {
      const held = await read<{ buckets: number }>(
        database,
        'SELECT COUNT(*) AS buckets FROM banyan_outbox_lease WHERE owner IS NOT NULL GROUP BY owner',
      );
      return held.map(({ buckets }) => Number(buckets));
    },
    async drop() {
      await database.end();
      await server.query(`DROP DATABASE ${name}`);
      await server.end();
    },
  };
}

/** The events, beside the outbox, so that one statement can append them. */
async function prepare(database: Database, { first, count, keys }: Events & { first: number }) {
  for (let from = first; from < first + count; from += 2_000) {
    const some = Math.min(2_000, first + count - from);
    const rows = Array.from({ length: some }, (_, index) => [
      from + index,
      keyOf(from + index, { keys }),
      dataOf(from + index),
    ]);
    await database.query('INSERT INTO bench_event (n, aggregate_id, data) VALUES ?', [rows]);
  }
}

async function appendAll(
  connection: Connection,
  { first, count, ready }: Events & { first: number; ready: (() => Promise<void>) | undefined },
): Promise<Committed> {
  const [last] = await read<{ id: number | null }>(connection, 'SELECT MAX(id) AS id FROM banyan_outbox');
  await connection.beginTransaction();
  for (let from = first; from < first + count; from += 10_000) {
    // Ids as random as those that append gives.
    await connection.query(
      `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data)
       SELECT LEFT(SHA2(n, 256), 32), '/bench', 'OrderPlaced', 'order', aggregate_id, data
         FROM bench_event WHERE n >= ? AND n < ? ORDER BY n`,
      [from, Math.min(from + 10_000, first + count)],
    );
  }
  await ready?.();
  const [now] = await read<{ at: string }>(connection, 'SELECT CURRENT_TIMESTAMP(6) AS at');
  const here = performance.timeOrigin + performance.now();
  await connection.commit();
  return { first, after: last?.id ?? 0, at: now!.at, here };
}

/** Statements that clients have sent to the server since its start, those of others among them. */
export async function questions(database: Database): Promise<number> {
  const [row] = await read<{ Value: string }>(database, "SHOW GLOBAL STATUS LIKE 'Questions'");
  return Number(row!.Value);
}
