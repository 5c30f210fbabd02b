import { readFile } from 'node:fs/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { install, TABLE_SETS } from '../../control-plane/install/index.ts';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaClient } from '../../control-plane/store/prisma-client/client.ts';
import { freshDatabase } from '../support/database.ts';
import { plain, readSchema, type Tables } from './read-schema.ts';

let url: string;
let connection: Connection;
let schema: string;
beforeAll(async () => {
  url = await freshDatabase();
  for (const set of TABLE_SETS) await install({ url, set });
  connection = await createConnection(url);
  schema = await readFile(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');
});
afterAll(() => connection.end());

/** The tables as the server has them; `banyan_migration` is the installer's own. */
async function readServer(): Promise<Tables> {
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS t, column_name AS c, column_type AS type, is_nullable AS nullable,
            column_default AS standard, extra AS extra
       FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY t, ordinal_position`,
  );
  const [keys] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS t, index_name AS name, MAX(non_unique) AS many,
            GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', ') AS columns
       FROM information_schema.statistics WHERE table_schema = DATABASE() GROUP BY t, name`,
  );
  const tables: Record<string, { columns: Record<string, string>; keys: string[] }> = {};
  for (const { t, c, type, nullable, standard, extra } of columns) {
    tables[t] ??= { columns: {}, keys: [] };
    const text = standard === null || standard === 'NULL' ? undefined : String(standard).toLowerCase();
    tables[t].columns[c] = [
      // MariaDB still gives integers a width.
      String(type).replace(/int\(\d+\)/, 'int'),
      nullable === 'YES' ? 'null' : 'not null',
      ...(extra === 'auto_increment' ? ['auto_increment'] : []),
      ...(text === undefined ? [] : [`default ${plain(text)}`]),
    ].join(' ');
  }
  for (const { t, name, many, columns: of } of keys) {
    tables[t]!.keys.push(`${name}${name === 'PRIMARY' || Number(many) ? '' : ' unique'} (${of})`);
  }
  for (const table of Object.values(tables)) table.keys.sort();
  delete tables['banyan_migration'];
  return tables;
}

test('the Prisma schema describes exactly the tables that the migrations make', async () => {
  const described = readSchema(schema);
  expect(Object.keys(described).length).toBeGreaterThan(0);
  expect(await readServer()).toEqual(described);
});

test.each([
  [
    'a column in the schema only',
    (text: string) => text.replace('  source ', '  extra String @db.LongText\n  source '),
  ],
  ['a column in the migrations only', (text: string) => text.replace(/^  source .*\n/m, '')],
  ['another length', (text: string) => text.replace('@db.VarChar(190)', '@db.VarChar(191)')],
  ['another nullability', (text: string) => text.replace('partitionKey   String?', 'partitionKey String')],
  ['another default', (text: string) => text.replace('@default(pending)', '@default(parked)')],
  ['another enum value', (text: string) => text.replace('  parked\n}', '  parked\n  held\n}')],
  ['an index less', (text: string) => text.replace(/^  @@index\(\[state.*\n/m, '')],
  ['another order in an index', (text: string) => text.replace('[state, bucket, id,', '[bucket, state, id,')],
  ['a table less', (text: string) => text.replace(/^model Audit \{[\s\S]*?^\}\n/m, '')],
])('a difference would be seen: %s', async (_, change) => {
  const changed = change(schema);
  expect(changed).not.toBe(schema);
  expect(await readServer()).not.toEqual(readSchema(changed));
});

test('the generated client reads and writes every table', async () => {
  const prisma = new PrismaClient({ adapter: new PrismaMariaDb(url.replace(/^mysql:/, 'mariadb:')) });
  try {
    const key = { aggregateType: 'order', aggregateId: '1' };
    const made = await prisma.outbox.create({
      data: { eventId: 'e', source: '/m', type: 't', data: '{}', ...key },
    });
    expect(made).toMatchObject({ partitionKey: 'order:1', state: 'pending' });
    await prisma.audit.create({
      data: { revision: 1n, actor: 'a', action: 'set', context: 'c', after: '{}' },
    });
    const counts = await Promise.all([
      prisma.outbox.findMany(),
      prisma.outboxLease.findMany(),
      prisma.outboxRelay.findMany(),
      prisma.outboxStream.findMany(),
      prisma.inbox.findMany(),
      prisma.checkpoint.findMany(),
      prisma.control.findMany(),
      prisma.context.findMany(),
      prisma.audit.findMany(),
      prisma.gateway.findMany(),
    ]);
    expect(counts.map((rows) => rows.length)).toEqual([1, 64, 0, 0, 0, 0, 0, 0, 1, 0]);
  } finally {
    await prisma.$disconnect();
  }
});
