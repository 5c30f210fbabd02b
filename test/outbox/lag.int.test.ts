import { randomUUID } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import { expect, onTestFinished, test } from 'vitest';
import { readLag } from '../../outbox/lag.ts';
import { readRelaysSeen } from '../../outbox/relays-seen.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

async function outbox() {
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  /** A writer as a monolith may be: no Banyan code, its own session settings. */
  const writer = async (timeZone = '+00:00') => {
    const connection = await createConnection(url);
    onTestFinished(() => connection.end());
    await connection.query('SET SESSION time_zone = ?', [timeZone]);
    return connection;
  };
  return { database, writer };
}

async function append(writer: Connection, type: string, secondsAgo?: number): Promise<void> {
  const at = secondsAgo === undefined ? '' : ', server_clock, appended_at';
  const value = secondsAgo === undefined ? '' : `, NULL, NOW(6) - INTERVAL ${secondsAgo} SECOND`;
  await writer.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data${at})
     VALUES ('${randomUUID()}', '/m', '${type}', 'order', '1', '{}'${value})`,
  );
}

test('an empty outbox lags by nothing, and tells the time', async () => {
  const { database } = await outbox();
  const { types, databaseTime } = await readLag(database);
  expect(types).toEqual([]);
  expect(Math.abs(databaseTime - Date.now())).toBeLessThan(5_000);
});

test('counts pending and parked events by type, with the age of the oldest', async () => {
  const { database, writer } = await outbox();
  const connection = await writer();
  await append(connection, 'OrderPlaced', 60);
  await append(connection, 'OrderPlaced', 7);
  await append(connection, 'StockAdjusted', 3);
  await append(connection, 'StockAdjusted', 100);
  await append(connection, 'PriceChanged', 100);
  await connection.query(
    "UPDATE banyan_outbox SET state = 'parked' WHERE type = 'StockAdjusted' ORDER BY appended_at LIMIT 1",
  );
  await connection.query("UPDATE banyan_outbox SET state = 'settled' WHERE type = 'PriceChanged'");
  const { types } = await readLag(database);
  const [placed, adjusted] = types.toSorted((a, b) => a.type.localeCompare(b.type));
  expect(types.length).toBe(2);
  expect(placed).toMatchObject({ type: 'OrderPlaced', pending: 2, parked: 0, oldestParkedAgeMs: null });
  expect(placed!.oldestAgeMs).toBeGreaterThanOrEqual(60_000);
  expect(placed!.oldestAgeMs).toBeLessThan(75_000);
  expect(adjusted).toMatchObject({ type: 'StockAdjusted', pending: 1, parked: 1 });
  expect(adjusted!.oldestAgeMs).toBeLessThan(20_000);
  expect(adjusted!.oldestParkedAgeMs).toBeGreaterThanOrEqual(100_000);
});

test.each(['+00:00', '+09:00', '-11:00', 'SYSTEM'])(
  'an event appended in time zone %s is as old as it is',
  async (timeZone) => {
    const { database, writer } = await outbox();
    const connection = await writer(timeZone);
    await append(connection, 'Now');
    await append(connection, 'Earlier', 45);
    const { types } = await readLag(database);
    const age = (type: string) => types.find((lag) => lag.type === type)!.oldestAgeMs!;
    expect(age('Now')).toBeGreaterThanOrEqual(0);
    expect(age('Now')).toBeLessThan(20_000);
    expect(age('Earlier')).toBeGreaterThanOrEqual(45_000);
    expect(age('Earlier')).toBeLessThan(65_000);
  },
);

test('an event from the future has an unknown age, not a negative one', async () => {
  const { database, writer } = await outbox();
  await append(await writer(), 'Odd', -30);
  expect((await readLag(database)).types).toEqual([
    { type: 'Odd', pending: 1, oldestAgeMs: null, parked: 0, oldestParkedAgeMs: null },
  ]);
});

test('shows the relays with their age and counts', async () => {
  const { database, writer } = await outbox();
  const connection = await writer('+05:00');
  await connection.query(
    `INSERT INTO banyan_outbox_relay (relay, seen_at, settled_by_type) VALUES ('a', NOW(6), '{"A":3}'), ('b', NOW(6) - INTERVAL 20 SECOND, '{}')`,
  );
  const [a, b] = await readRelaysSeen(database);
  expect(a).toMatchObject({ relay: 'a', settledByType: { A: 3 } });
  expect(a!.seenAgoMs).toBeLessThan(15_000);
  expect(b!.seenAgoMs).toBeGreaterThanOrEqual(20_000);
});
