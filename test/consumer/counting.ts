import type { RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import {
  createConsumer,
  defineRegistry,
  mysqlInbox,
  type ConsumerOptions,
  type Handler,
} from '../../consumer/index.ts';
import { openDatabase, type Connection, type Database } from '../../runtime/database.ts';

/** A service whose handler writes down each event it handles: a journal without any uniqueness, so that a double shows. */
export async function countingDatabase(url: string): Promise<Database> {
  const database = openDatabase(url);
  await database.query(
    'CREATE TABLE IF NOT EXISTS journal (seq BIGINT AUTO_INCREMENT PRIMARY KEY, counter VARCHAR(64) NOT NULL, n INT NOT NULL)',
  );
  return database;
}

export const writeDown: Handler<Connection> = async (event, tx) => {
  await tx.query('INSERT INTO journal (counter, n) VALUES (?, ?)', [
    event.subject,
    (event.data as { n: number }).n,
  ]);
};

const schema = {
  '~standard': { version: 1, vendor: 'any', validate: (value: unknown) => ({ value }) },
} as const;

/** Counters are `ordered: sequence`. */
export const sequenced = defineRegistry({
  events: {
    Counted: { aggregate: 'counter', versions: { 1: { schema } } },
    Noted: { aggregate: 'counter', versions: { 1: { schema } } },
  },
  aggregates: { counter: { ordered: 'sequence' } },
});

/** The numbers per key, in the order in which they were handled. */
export async function journal(database: Database): Promise<Map<string, number[]>> {
  const [rows] = await database.query<RowDataPacket[]>('SELECT counter, n FROM journal ORDER BY seq');
  const found = new Map<string, number[]>();
  for (const { counter, n } of rows as { counter: string; n: number }[])
    found.set(counter, [...(found.get(counter) ?? []), n]);
  return found;
}

export const journalSize = (database: Database): Promise<number> => sizeOf(database, 'journal');
export const inboxSize = (database: Database): Promise<number> => sizeOf(database, 'banyan_inbox');

async function sizeOf(database: Database, table: string): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  return Number(rows[0]!['n']);
}

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

export function countingConsumer(
  database: Database,
  stream: { name: string; endpoint: string },
  more: Partial<ConsumerOptions<Connection>> = {},
) {
  return createConsumer({
    stream: {
      ...stream,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    application: 'counting',
    handlers: { Counted: writeDown },
    inbox: mysqlInbox(database),
    poll: 20,
    refresh: 200,
    log: pino({ level: 'silent' }),
    ...more,
  });
}
