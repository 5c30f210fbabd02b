import { afterAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../../outbox/append.ts';
import {
  countParked,
  countWaiting,
  discard,
  findParked,
  readAudit,
  redrive,
} from '../../../outbox/operator/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());
beforeEach(() =>
  Promise.all([
    database.query('DELETE FROM banyan_outbox'),
    database.query('DELETE FROM banyan_outbox_audit'),
  ]),
);

/** Events of the keys `thing:<id>`, in order; the first `parked` of each key are parked. */
async function given(keys: Record<string, { parked: number; pending: number }>): Promise<void> {
  for (const [id, { parked, pending }] of Object.entries(keys)) {
    await append(
      (sql, values) => database.query(sql, values),
      Array.from({ length: parked + pending }, (_, n) => ({
        ...{ type: n < parked ? 'Poison' : 'Fine', aggregate: { type: 'thing', id }, data: { n } },
      })),
    );
  }
  await database.query(
    `UPDATE banyan_outbox SET state = 'parked', parked_reason = CONCAT('no ', aggregate_id), parked_kind = 'poison',
            parked_at = CURRENT_TIMESTAMP(6) - INTERVAL 90 SECOND
      WHERE type = 'Poison'`,
  );
}
const ann = { actor: 'ann@ops', reason: 'corrected' };
const states = async () => {
  const [rows] = await database.query(
    `SELECT state, outcome, COUNT(*) AS n FROM banyan_outbox GROUP BY state, outcome ORDER BY state, outcome`,
  );
  return (rows as { state: string; outcome: string | null; n: number }[]).map(({ state, outcome, n }) =>
    [state, outcome, n].join(' '),
  );
};

test('parked events are found by type, key, reason and id, in order, with their age', async () => {
  await given({
    a: { parked: 2, pending: 3 },
    b: { parked: 1, pending: 0 },
    'a ': { parked: 1, pending: 1 },
  });
  const all = await findParked(database, {}, 10);
  expect(all.map(({ key }) => key)).toEqual(['thing:a', 'thing:a', 'thing:b', 'thing:a ']);
  expect(all[0]).toMatchObject({ state: 'parked', kind: 'poison', reason: 'no a', type: 'Poison' });
  expect(all[0]!.ageMs).toBeGreaterThanOrEqual(90_000);
  expect(await findParked(database, { keys: ['thing:a'] }, 10)).toHaveLength(2);
  expect(await findParked(database, { reason: 'no b' }, 10)).toHaveLength(1);
  expect(await findParked(database, { type: 'poison' }, 10)).toEqual([]);
  expect(await findParked(database, { ids: [all[1]!.id] }, 10)).toMatchObject([{ id: all[1]!.id }]);
  expect(await findParked(database, {}, 3)).toHaveLength(3);
  expect(await countParked(database, {})).toEqual({ events: 4, keys: 3 });
});

test('what waits is counted per key, and keys that differ in a space alone are two', async () => {
  await given({
    a: { parked: 1, pending: 3 },
    'a ': { parked: 1, pending: 1 },
    c: { parked: 1, pending: 0 },
  });
  const parked = await findParked(database, {}, 10);
  expect(Object.fromEntries(await countWaiting(database, parked))).toEqual({
    'thing:a': { events: 3, atLeast: false },
    'thing:a ': { events: 1, atLeast: false },
    'thing:c': { events: 0, atLeast: false },
  });
});

test('redriving makes events pending as if they had never been parked, and says who did it and why', async () => {
  await given({ a: { parked: 2, pending: 1 } });
  const parked = await findParked(database, {}, 10);
  const batches: number[] = [];
  expect(await redrive(database, parked, ann, { batch: 1, onBatch: (n) => batches.push(n) })).toBe(2);
  expect([await states(), batches]).toEqual([['pending  3'], [1, 1]]);
  const [rows] = await database.query(
    'SELECT DISTINCT parked_reason AS r, parked_kind AS k, parked_at AS a, settled_at AS s FROM banyan_outbox',
  );
  expect(rows).toEqual([{ r: null, k: null, a: null, s: null }]);
  const audit = await readAudit(database, { key: 'thing:a', limit: 10 });
  expect(audit.map(({ event }) => event)).toEqual([parked[1]!.id, parked[0]!.id]);
  expect(audit[0]).toMatchObject({
    ...{ action: 'redriven', actor: 'ann@ops', reason: 'corrected', type: 'Poison', key: 'thing:a' },
    ...{ eventId: parked[1]!.eventId, detail: 'was parked' },
  });
});

test('giving up settles events as discarded, keeps their reason, and leaves what waits to the relays', async () => {
  await given({ a: { parked: 2, pending: 1 } });
  expect(await discard(database, await findParked(database, {}, 10), ann)).toBe(2);
  expect(await states()).toEqual(['pending  1', 'settled discarded 2']);
  const [rows] = await database.query(
    "SELECT parked_reason AS r FROM banyan_outbox WHERE outcome = 'discarded'",
  );
  expect(rows).toEqual([{ r: 'no a' }, { r: 'no a' }]);
});

test('two operators at once change each event once, and audit it once', async () => {
  await given({ a: { parked: 30, pending: 0 }, b: { parked: 30, pending: 0 } });
  const parked = await findParked(database, {}, 100);
  const done = await Promise.all([
    redrive(database, parked, ann, { batch: 7 }),
    discard(database, parked, { actor: 'bob@ops', reason: 'old' }, { batch: 11 }),
  ]);
  expect(done[0]! + done[1]!).toBe(60);
  const [counts] = await database.query(
    `SELECT SUM(state = 'pending') AS p, SUM(outcome = 'discarded') AS d,
            (SELECT COUNT(*) FROM banyan_outbox_audit) AS audited,
            (SELECT COUNT(DISTINCT outbox_id) FROM banyan_outbox_audit) AS events FROM banyan_outbox`,
  );
  const [{ p, d, audited, events }] = counts as [Record<string, unknown>];
  expect([Number(p), Number(d ?? 0), audited, events]).toEqual([done[0], done[1], 60, 60]);
});

test('a change whose audit fails is not made', async () => {
  await given({ a: { parked: 1, pending: 0 } });
  await database.query('RENAME TABLE banyan_outbox_audit TO banyan_outbox_audit_away');
  try {
    await expect(redrive(database, await findParked(database, { state: 'parked' }, 10), ann)).rejects.toThrow(
      /banyan_outbox_audit/,
    );
  } finally {
    await database.query('RENAME TABLE banyan_outbox_audit_away TO banyan_outbox_audit');
  }
  expect(await states()).toEqual(['parked  1']);
});

test('it never waits for a writer that has not committed', async () => {
  await given({ a: { parked: 1, pending: 1 } });
  const writer = await database.getConnection();
  await writer.beginTransaction();
  await append((sql, values) => writer.query(sql, values), {
    ...{ type: 'Fine', aggregate: { type: 'thing', id: 'a' }, data: 1 },
  });
  try {
    expect(await redrive(database, await findParked(database, {}, 10), ann)).toBe(1);
  } finally {
    await writer.rollback();
    writer.release();
  }
});
