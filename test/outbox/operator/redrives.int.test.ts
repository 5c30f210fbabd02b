import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../../outbox/append.ts';
import { cancelOrder } from '../../../outbox/operator/cancel-order.ts';
import { askForRedrive, readAudit, readRedrives, type Redrive } from '../../../outbox/operator/index.ts';
import { redrivePage } from '../../../outbox/operator/redrives.ts';
import { openDatabase, type Database } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

let database: Database;
beforeAll(async () => {
  database = openDatabase(await freshDatabase('outbox'));
});
beforeEach(async () => {
  for (const table of ['banyan_outbox', 'banyan_outbox_audit', 'banyan_outbox_redrive'])
    await database.query(`DELETE FROM ${table}`);
});
afterAll(() => database.end());

/** Appends parked events, `[key, type]` each, in order. */
async function park(...events: [id: string, type: string][]): Promise<void> {
  await append(
    (sql, values) => database.query(sql, values),
    events.map(([id, type]) => ({ type, aggregate: { type: 'thing', id }, data: {} })),
  );
  await database.query(
    "UPDATE banyan_outbox SET state = 'parked', parked_at = NOW(6), parked_reason = 'why' WHERE state = 'pending'",
  );
}
async function ask(what: Redrive['what'], total: number): Promise<Redrive> {
  await askForRedrive(database, { redrive: 'r', what, total }, { actor: 'ann', reason: 'repaired' });
  return (await readRedrives(database, true))[0]!;
}
/** Takes page after page, as a job that is cut off after each does: what it goes on from is read anew. */
async function carryOut(): Promise<Redrive> {
  for (;;) {
    const [redrive] = await readRedrives(database, true);
    if (!redrive) return (await readRedrives(database))[0]!;
    await redrivePage(database, redrive);
  }
}
/** `key type state`, in order. */
async function rows(): Promise<string[]> {
  const [found] = await database.query(
    "SELECT CONCAT_WS(' ', aggregate_id, type, state) AS told FROM banyan_outbox ORDER BY id",
  );
  return (found as { told: string }[]).map(({ told }) => told);
}

test('all of a type become pending, audited; one behind a parked event that is not meant stays, and is counted', async () => {
  await park(['a', 'Other'], ['a', 'Wrong'], ['a', 'Wrong'], ['b', 'Wrong'], ['b', 'Other'], ['b ', 'Wrong']);
  await ask({ type: 'Wrong' }, 4);
  expect(await carryOut()).toMatchObject({ state: 'completed', done: 2, held: 2, total: 4, askedBy: 'ann' });
  expect(await rows()).toEqual([
    ...['a Other parked', 'a Wrong parked', 'a Wrong parked'],
    ...['b Wrong pending', 'b Other parked', 'b  Wrong pending'],
  ]);
  const audit = await readAudit(database, { limit: 10 });
  expect(audit).toMatchObject([
    { action: 'redriven', actor: 'ann', reason: 'repaired' },
    { action: 'redriven' },
  ]);
});

test('a key is taken as bytes, over several pages in id order, each written down with what it changed', async () => {
  await park(...Array.from({ length: 230 }, (): [string, string] => ['k', 'T']), ['k ', 'T']);
  let redrive: Redrive | undefined = await ask({ key: 'thing:k' }, 230);
  const seen: number[] = [];
  while (redrive) {
    redrive = await redrivePage(database, redrive);
    const pending = (await rows()).filter((row) => row.endsWith('pending')).length;
    const { done } = (await readRedrives(database))[0]!;
    expect(done).toBe(pending);
    if (pending !== seen.at(-1)) seen.push(pending);
  }
  expect(seen).toEqual([100, 200, 230]);
  expect((await rows()).at(-1)).toBe('k  T parked');
});

test('what was parked since it was asked for is left alone, and so is all that is left once it is cancelled', async () => {
  await park(...Array.from({ length: 150 }, (): [string, string] => ['k', 'T']));
  await ask({}, 150);
  await park(['later', 'T']);
  const pending = async () => (await rows()).filter((row) => row.endsWith('pending')).length;
  while ((await pending()) === 0) await redrivePage(database, (await readRedrives(database, true))[0]!);
  const underWay = (await readRedrives(database, true))[0]!;
  expect(underWay).toMatchObject({ state: 'active', done: 100 });
  const cancel = () =>
    cancelOrder(database, { job: 'redrive', id: 'r' }, { actor: 'bob', reason: 'wrong one' });
  expect(await cancel()).toBe(true);
  expect(await cancel()).toBe(false);
  expect(await redrivePage(database, underWay)).toBeUndefined();
  expect(await pending()).toBe(100);
  expect(await carryOut()).toMatchObject({ state: 'cancelled', done: 100 });
  expect((await readAudit(database, { limit: 1 }))[0]).toMatchObject({
    ...{ action: 'cancelled', actor: 'bob', reason: 'wrong one', detail: '100 of 150 done' },
    ...{ eventId: 'r', type: 'redrive' },
  });
  await database.query("UPDATE banyan_outbox_redrive SET state = 'waiting', bucket = 0, position = 0");
  expect(await carryOut()).toMatchObject({ state: 'completed', done: 150 });
  expect((await rows()).at(-1)).toBe('later T parked');
});
