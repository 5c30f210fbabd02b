import { afterAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { bindStream } from '../../outbox/bind-stream.ts';
import { takeLeases } from '../../outbox/lease.ts';
import { discard, findParked, readAudit, redrive } from '../../outbox/operator/index.ts';
import { skip } from '../../outbox/skip.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());
let row: { id: number; bucket: number; epoch: number };

beforeEach(async () => {
  await database.query('DELETE FROM banyan_outbox');
  await database.query('DELETE FROM banyan_outbox_audit');
  await database.query('UPDATE banyan_outbox_lease SET owner = NULL, epoch = 4');
  await bindStream(database, 's');
  const buckets = Array.from({ length: 64 }, (_, bucket) => bucket);
  await takeLeases(database, 'me', buckets, { lease: 10_000, requestTimeout: 1_000, stream: 's' });
  await append((sql, values) => database.query(sql, values), {
    ...{ type: 'T', aggregate: { type: 'thing', id: 'a' }, data: 1 },
  });
  const [rows] = await database.query('SELECT id, bucket FROM banyan_outbox');
  row = { ...(rows as [{ id: number; bucket: number }])[0], epoch: 5 };
});

test('a skipped row is settled with its reason, found again by the audit, and counted once', async () => {
  expect(await skip(database, 'me', row, 'too large')).toBe(true);
  expect(await skip(database, 'me', row, 'too large')).toBe(true);
  const found = await findParked(database, {}, 10);
  expect(found).toMatchObject([
    { id: row.id, key: 'thing:a', state: 'skipped', kind: 'poison', reason: 'too large' },
  ]);
  expect(await readAudit(database, { limit: 10 })).toMatchObject([
    { actor: 'me', action: 'skipped', event: row.id, reason: 'the policy of its type' },
  ]);
  expect(await discard(database, found, { actor: 'ann' })).toBe(0);
});

test('a row whose bucket is another relay’s is left alone', async () => {
  expect(await skip(database, 'me', { ...row, epoch: 4 }, 'late')).toBe(false);
  expect(await skip(database, 'other', row, 'late')).toBe(false);
  expect(await readAudit(database, { limit: 10 })).toEqual([]);
});

test('a skipped row can be sent again, skipped again, and is listed once', async () => {
  await skip(database, 'me', row, 'too large');
  expect(await redrive(database, await findParked(database, {}, 10), { actor: 'ann' })).toBe(1);
  expect(await findParked(database, {}, 10)).toEqual([]);
  expect(await skip(database, 'me', row, 'too large still')).toBe(true);
  expect(await findParked(database, {}, 10)).toMatchObject([{ reason: 'too large still' }]);
});
