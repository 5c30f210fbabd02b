// The two loops that a relay is measured against: `node loops.ts '<JSON of Loop>'`. Both send what a relay sends, with
// the same client, as fast as they can, and keep none of its promises.
import type { RowDataPacket } from 'mysql2/promise';
import { toCloudEvent, type OutboxRow } from '../../outbox/index.ts';
import { kinesisPublisher } from '../../relay/kinesis-publisher.ts';
import { openDatabase } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';

export interface Loop {
  /**
   * `unordered`: reads 500 rows, puts them, deletes them. `serial`: what Debezium Server does at its defaults: takes
   * 2,048 changes, puts them in requests of 500, one after another, and then keeps its position.
   */
  readonly kind: 'unordered' | 'serial';
  readonly database: string;
  readonly endpoint: string;
}

/** Told on stdout whenever there is nothing left. */
export interface LoopIdle {
  /** Events since the start. */
  readonly events: number;
  /** When the last of them was dealt with; milliseconds since 1970. */
  readonly at: number;
}

const COLUMNS =
  'id, event_id, source, type, aggregate_type, aggregate_id, partition_key, bucket, occurred_at, data, extensions, appended_at';
const REQUEST = 500;
const BATCH = 2_048;

const { kind, database: url, endpoint } = JSON.parse(process.argv[2]!) as Loop;
const database = openDatabase(url, { connections: 1 });
const publisher = kinesisPublisher(
  { name: 'bench', region: 'us-east-1', endpoint },
  { requestTimeout: 10_000, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
);

const read = async (sql: string, values: unknown[] = []) =>
  (await database.query<(RowDataPacket & OutboxRow)[]>(sql, values))[0];

async function put(rows: readonly OutboxRow[]): Promise<void> {
  const records = rows.map((row) => ({ key: row.partition_key, data: Buffer.from(toCloudEvent(row)) }));
  const outcome = await publisher.publish(records);
  if (outcome.kind !== 'answered') throw outcome.cause;
}

async function unordered(): Promise<number> {
  const rows = await read(`SELECT ${COLUMNS} FROM banyan_outbox ORDER BY id LIMIT ${REQUEST}`);
  if (rows.length === 0) return 0;
  await put(rows);
  await database.query('DELETE FROM banyan_outbox WHERE id IN (?)', [rows.map(({ id }) => id)]);
  return rows.length;
}

let position: number | string = 0;
async function serial(): Promise<number> {
  const rows = await read(`SELECT ${COLUMNS} FROM banyan_outbox WHERE id > ? ORDER BY id LIMIT ${BATCH}`, [
    position,
  ]);
  const last = rows.at(-1);
  if (last === undefined) return 0;
  for (let from = 0; from < rows.length; from += REQUEST) await put(rows.slice(from, from + REQUEST));
  position = last.id;
  await database.query('UPDATE bench_position SET id = ?', [position]);
  return rows.length;
}

const step = kind === 'unordered' ? unordered : serial;
const stopped = new AbortController();
process.on('SIGTERM', () => stopped.abort());
process.stdout.write('runs\n');
for (let [events, told] = [0, 0]; !stopped.signal.aborted;) {
  const some = await step();
  events += some;
  if (some > 0) continue;
  const idle: LoopIdle = { events, at: performance.timeOrigin + performance.now() };
  if (events > told) process.stdout.write(`${JSON.stringify(idle)}\n`);
  told = events;
  await wait(5, stopped.signal);
}
publisher.close();
await database.end();
