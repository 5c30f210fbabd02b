import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { forgetLag, noteLag, readLagHistory } from '../../outbox/lag-history.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const NOON = Date.parse('2026-11-28T12:00:00Z');
/** One connection, whose server thinks that it is the time that the test says. */
let database: Database;
beforeAll(async () => {
  database = openDatabase(await freshDatabase('outbox'), { connections: 1 });
});
beforeEach(() => database.query('DELETE FROM banyan_outbox_lag_history'));
afterAll(() => database.end());

const at = (seconds: number) => database.query('SET timestamp = ?', [NOON / 1_000 + seconds]);
const orders = (pending: number | null, oldestAgeMs: number | null, parked: number | null) => ({
  ...{ context: 'orders', pending, oldestAgeMs, parked },
});

test('of several looks in a minute the worst stands, and unknown is worse than any', async () => {
  await at(0);
  await noteLag(database, [orders(3, 100, 0), { ...orders(1, 5, 0), context: '' }]);
  await at(59.9);
  await noteLag(database, [orders(2, 4_000, 1)]);
  await at(60);
  await noteLag(database, [orders(7, null, 0)]);
  await at(100);
  await noteLag(database, [orders(7, 9, 0)]);
  await at(130);
  await noteLag(database, [orders(null, null, null)]);
  expect(await readLagHistory(database, 2)).toEqual({
    end: NOON + 120_000,
    samples: [
      { minute: NOON, context: '', pending: 1, oldestAgeMs: 5, parked: 0 },
      { minute: NOON, ...orders(3, 4_000, 1) },
      { minute: NOON + 60_000, ...orders(7, null, 0) },
    ],
  });
});

test('a time that nobody looked at has no rows, and says when it ends', async () => {
  await at(0);
  await noteLag(database, [orders(1, 1, 1)]);
  await at(7_201);
  expect(await readLagHistory(database, 60)).toEqual({ end: NOON + 7_200_000, samples: [] });
});

test('minutes are forgotten after their time, in several statements, and no younger ones', async () => {
  const rows = Array.from({ length: 1_201 }, (_, n) => [new Date(NOON - n * 60_000), 'orders']);
  await database.query('INSERT INTO banyan_outbox_lag_history (minute, context) VALUES ?', [rows]);
  await at(1);
  const stop = new AbortController().signal;
  expect(await forgetLag(database, { keep: 3_600_000, stop })).toBe(1_141);
  expect(await forgetLag(database, { keep: 3_600_000, stop })).toBe(0);
  expect((await readLagHistory(database, 100)).samples).toHaveLength(59);
});
