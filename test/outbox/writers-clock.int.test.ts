import { randomUUID } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { appendedAt, CLOCKS } from '../../outbox/appended-at.ts';
import { toCloudEvent } from '../../outbox/envelope.ts';
import { readLag } from '../../outbox/lag.ts';
import { readPending } from '../../outbox/read-pending.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { untilOpenTransactions } from '../support/until.ts';
import { findOpenTransaction } from '../../outbox/open-transactions.ts';

async function outbox() {
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  /** A writer of the monolith whose session believes in another time. */
  const writer = async (timestamp: string, timeZone = '+00:00') => {
    const connection = await createConnection(url);
    onTestFinished(() => connection.end());
    await connection.query('SET SESSION time_zone = ?', [timeZone]);
    await connection.query(`SET timestamp = ${timestamp}`);
    return connection;
  };
  return { database, writer };
}

const plain = (writer: Connection) =>
  writer.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES (?, '/m', 'T', 'a', '1', '{}')`,
    [randomUUID()],
  );
const appended = (writer: Connection) =>
  append((sql, values) => writer.query(sql, values), {
    type: 'T',
    aggregate: { type: 'a', id: 1 },
    data: {},
  });

const HOUR = 3_600;
const CLOCK_SETTINGS = [
  ['an hour fast', `UNIX_TIMESTAMP() + ${HOUR}`, '+09:00'],
  ['a day slow', `UNIX_TIMESTAMP() - 24 * ${HOUR}`, '-11:00'],
  ['frozen half a minute ahead', 'UNIX_TIMESTAMP(SYSDATE(6)) + 30', '+00:00'],
  ['of another year', '86400', 'SYSTEM'],
] as const;

test.each(CLOCK_SETTINGS)(
  'a writer whose session’s clock is %s changes nothing: its events are as old as they are, and say so on the stream',
  async (_, timestamp, timeZone) => {
    const { database, writer } = await outbox();
    const connection = await writer(timestamp, timeZone);
    const now = async () => (await readLag(database)).databaseTime;
    const before = await now();
    await plain(connection);
    await appended(connection);
    const after = await now();
    const [rows] = await database.query('SELECT id FROM banyan_outbox ORDER BY id');
    const ids = (rows as { id: number }[]).map(({ id }) => id);
    for (const row of await readPending(database, ids)) {
      const { recordedtime } = JSON.parse(toCloudEvent(row)) as { recordedtime: string };
      expect(Date.parse(recordedtime)).toBeGreaterThanOrEqual(before - 2);
      expect(Date.parse(recordedtime)).toBeLessThanOrEqual(after + 2);
    }
    const { databaseTime, types } = await readLag(database);
    expect(types).toMatchObject([{ type: 'T', pending: 2 }]);
    expect(types[0]!.oldestAgeMs).toBeGreaterThanOrEqual(databaseTime - after - 2);
    expect(types[0]!.oldestAgeMs).toBeLessThanOrEqual(databaseTime - before + 2);
  },
);

test.each(CLOCK_SETTINGS)(
  'its open transaction is named though its session’s clock is %s',
  async (_, timestamp, timeZone) => {
    const { database, writer } = await outbox();
    const connection = await writer(timestamp, timeZone);
    await connection.beginTransaction();
    await plain(connection);
    const open = await untilOpenTransactions('it is named', async () => {
      const found = await findOpenTransaction(database);
      return found.state === 'open' ? found : undefined;
    });
    expect(open).toMatchObject({ thread: connection.threadId, events: 1 });
  },
);

test('rows of before the clock’s column count by the time that they have; where it is no clock, the age is unknown', async () => {
  const { database, writer } = await outbox();
  await database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, appended_at, server_clock)
     VALUES ('old', '/m', 'T', 'a', '1', '{}', SYSDATE(6) - INTERVAL 50 SECOND, NULL),
            ('odd', '/m', 'Odd', 'a', '2', '{}', SYSDATE(6), 'no UUID at all')`,
  );
  await plain(await writer('DEFAULT'));
  const { types } = await readLag(database);
  const age = (type: string) => types.find((one) => one.type === type)!.oldestAgeMs;
  expect(age('T')).toBeGreaterThanOrEqual(50_000);
  expect(age('T')).toBeLessThan(70_000);
  expect(age('Odd')).toBeNull();
});

test('where the server’s two clocks have come apart, the earlier reading counts, and the right one where the row tells', async () => {
  const { database } = await outbox();
  const at = async (apart: number, appendedAgo: number) => {
    const connection = await database.getConnection();
    try {
      await connection.query('DELETE FROM banyan_outbox');
      await connection.query(
        `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, appended_at)
         VALUES (?, '/m', 'T', 'a', '1', '{}', SYSDATE(6) - INTERVAL ? SECOND)`,
        [randomUUID(), appendedAgo],
      );
      const [rows] = await connection.query(
        `SELECT TIMESTAMPDIFF(SECOND, ${appendedAt('o')}, SYSDATE(6)) AS ago
           FROM banyan_outbox o JOIN (SELECT ${apart * 1_000_000} AS ahead) AS clocks`,
      );
      const [{ ago }] = rows as [{ ago: number }];
      // Of a busy machine some seconds are nothing.
      return Math.round(Number(ago) / 100) * 100;
    } finally {
      connection.release();
    }
  };
  // The machine slept for an hour, and the row is from before, from after, and of a writer with a clock of its own.
  expect(await at(HOUR, 0)).toBe(0);
  expect(await at(HOUR, -HOUR)).toBe(-HOUR);
  expect(await at(HOUR, 7_200)).toBe(0);
  // The clock was set back by an hour: by the time of day now, whatever is there already came an hour earlier.
  expect(await at(-HOUR, 0)).toBe(HOUR);
  expect(await at(-HOUR, HOUR)).toBe(HOUR);
  const [[{ ahead }]] = (await database.query(`SELECT clocks.ahead FROM ${CLOCKS}`)) as unknown as [
    [{ ahead: number }],
  ];
  expect(Math.abs(Number(ahead))).toBeLessThan(60_000_000);
});

/** The beginning of a UUID of version 1 that tells this time, in milliseconds since 1970. */
function uuidOf(time: number): string {
  const ticks = ((BigInt(Math.round(time)) + 12_219_292_800_000n) * 10_000n).toString(16).padStart(15, '0');
  return `${ticks.slice(7)}-${ticks.slice(3, 7)}-1${ticks.slice(0, 3)}`;
}

test.each([
  ['by less than a second: it counts as new', 900, 0],
  ['by more: nobody knows how old it is', 60_000, null],
])(
  'what seems to come from the future, because the server’s clock was set back, %s',
  async (_, ahead, least) => {
    const { database } = await outbox();
    const { databaseTime } = await readLag(database);
    await database.query(
      `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, appended_at, server_clock)
       VALUES (UUID(), '/m', 'T', 'a', '1', '{}', FROM_UNIXTIME(?), ?)`,
      [(databaseTime + ahead) / 1_000, uuidOf(databaseTime + ahead)],
    );
    const { oldestAgeMs } = (await readLag(database)).types[0]!;
    if (least === null) expect(oldestAgeMs).toBeNull();
    else expect(oldestAgeMs).toBeGreaterThanOrEqual(least);
  },
);
