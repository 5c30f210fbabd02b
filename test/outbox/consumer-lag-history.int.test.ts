import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { noteConsumerLag, readConsumerLag, type LagFigure } from '../../outbox/consumer-lag-history.ts';
import { forgetLag } from '../../outbox/lag-history.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const NOON = Date.parse('2026-11-28T12:00:00Z');
/** One connection, whose server thinks that it is the time that the test says. */
let database: Database;
beforeAll(async () => {
  database = openDatabase(await freshDatabase('outbox'), { connections: 1 });
});
beforeEach(() => database.query('DELETE FROM banyan_outbox_consumer_lag'));
afterAll(() => database.end());

const at = (seconds: number) => database.query('SET timestamp = ?', [NOON / 1_000 + seconds]);
const orders = (ageMs: number | null, figure: LagFigure = 'whole') => ({ context: 'orders', figure, ageMs });

test('of several looks in a minute the worst stands, each figure apart, and unknown is worse than any', async () => {
  await at(0);
  await noteConsumerLag(database, [orders(3_000), orders(40, 'consumer')]);
  await at(59.9);
  await noteConsumerLag(database, [orders(2_000), orders(50, 'consumer')]);
  await at(60);
  await noteConsumerLag(database, [orders(null)]);
  await at(80);
  await noteConsumerLag(database, [orders(7)]);
  await at(120);
  await noteConsumerLag(database, [orders(9)]);
  expect(await readConsumerLag(database, { end: NOON + 120_000, minutes: 2 })).toEqual([
    { minute: NOON, ...orders(50, 'consumer') },
    { minute: NOON, ...orders(3_000) },
    { minute: NOON + 60_000, ...orders(null) },
  ]);
  expect(await readConsumerLag(database, { end: NOON + 120_000, minutes: 1 })).toHaveLength(1);
});

test('nothing is noted where nobody has anything to tell', async () => {
  await noteConsumerLag(database, []);
  expect(await readConsumerLag(database, { end: NOON + 86_400_000, minutes: 3_000 })).toEqual([]);
});

test('minutes are forgotten after their time, and no younger ones', async () => {
  const rows = Array.from({ length: 20 }, (_, n) => [new Date(NOON - n * 60_000), 'orders', 'whole']);
  await database.query('INSERT INTO banyan_outbox_consumer_lag (minute, context, figure) VALUES ?', [rows]);
  await at(1);
  const stop = new AbortController().signal;
  const from = 'banyan_outbox_consumer_lag';
  expect(await forgetLag(database, { keep: 600_000, from, stop })).toBe(10);
  expect(await readConsumerLag(database, { end: NOON + 60_000, minutes: 100 })).toHaveLength(10);
});
