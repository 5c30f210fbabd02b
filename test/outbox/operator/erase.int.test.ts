import { afterAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../../outbox/append.ts';
import { countEvents, eraseEvents, readAudit } from '../../../outbox/operator/index.ts';
import { CLOCKS } from '../../../outbox/appended-at.ts';
import { RECEIPT } from '../../../outbox/receipt.ts';
import { inRange } from '../../../outbox/replay/replays.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());
const ann = { actor: 'ann@ops', reason: 'asked to be forgotten' };
const key = 'customer:42';

beforeEach(async () => {
  await database.query('DELETE FROM banyan_outbox');
  await database.query('DELETE FROM banyan_outbox_receipt');
  await database.query('DELETE FROM banyan_outbox_audit');
  await database.query("UPDATE banyan_outbox_lease SET owner = NULL, expires_at = '1970-01-02 00:00:00'");
});

/** One event for each, of customer:42 unless its id is given. */
async function given(...events: ['settled' | 'pending' | 'parked', id?: string][]): Promise<void> {
  for (const [state, id = '42'] of events) {
    await append((sql, values) => database.query(sql, values), {
      ...{ type: state, aggregate: { type: 'customer', id }, data: { name: 'Ada' } },
      extensions: { tenant: 'ada' },
    });
  }
  await database.query(
    "UPDATE banyan_outbox SET state = type, parked_reason = IF(type = 'parked', 'Ada', NULL)",
  );
  await database.query(
    `INSERT INTO banyan_outbox_receipt (id, settled_at, settled_epoch, shard_id, sequence_number)
     SELECT id, '2026-11-28 10:00:00.5', 3, 's', '7' FROM banyan_outbox o WHERE type = 'settled'
         ON DUPLICATE KEY UPDATE settled_epoch = 3`,
  );
}
const erase = async (pending = true) => {
  const { bucket } = await countEvents(database, key);
  return eraseEvents(database, { key, bucket, pending }, ann);
};
const rows = async () => {
  const [found] = await database.query(
    `SELECT CONCAT_WS(' ', partition_key, state, outcome, r.sequence_number, parked_reason, extensions, data) AS row_text
       FROM banyan_outbox o LEFT JOIN banyan_outbox_receipt r ON r.id = o.id ORDER BY o.id`,
  );
  return (found as { row_text: string }[]).map(({ row_text: text }) => text);
};

test('all events of the key lose their data, sent ones keep where they are in the stream, other keys keep all', async () => {
  await given(['settled'], ['parked'], ['pending'], ['settled', '42 '], ['pending', '7']);
  expect(await countEvents(database, key)).toMatchObject({
    ...{ pending: 1, parked: 1, settled: 1, erased: 0 },
  });
  expect(await erase()).toEqual({ kind: 'erased', events: 3 });
  expect(await rows()).toEqual([
    'customer:42 settled erased 7 {"erased":true}',
    'customer:42 settled erased {"erased":true}',
    'customer:42 settled erased {"erased":true}',
    'customer:42  settled 7 {"tenant":"ada"} {"name":"Ada"}',
    'customer:7 pending {"tenant":"ada"} {"name":"Ada"}',
  ]);
  const audit = await readAudit(database, { limit: 10 });
  expect(audit.map(({ action, detail }) => [action, detail]).toReversed()).toEqual([
    ['erased', 'was acknowledged'],
    ['erased', 'was pending'],
    ['erased', 'was parked'],
  ]);
  expect(JSON.stringify(audit)).not.toMatch(/\bada\b/i);
  expect(await countEvents(database, key)).toMatchObject({ settled: 3, erased: 3 });
  expect(await erase()).toEqual({ kind: 'erased', events: 0 });
});

test('pending events that a relay may have read are left, and nothing behind them is touched', async () => {
  await given(['pending'], ['pending']);
  await database.query("UPDATE banyan_outbox_lease SET owner = 'r', expires_at = NOW(6) + INTERVAL 5 SECOND");
  expect(await erase()).toEqual({ kind: 'in-flight' });
  // A relay that was cut off may still have a request under way when its lease has just ended.
  await database.query('UPDATE banyan_outbox_lease SET expires_at = NOW(6) - INTERVAL 1 SECOND');
  expect(await erase()).toEqual({ kind: 'in-flight' });
  expect((await countEvents(database, key)).pending).toBe(2);
  await database.query('UPDATE banyan_outbox_lease SET owner = NULL');
  expect(await erase()).toEqual({ kind: 'erased', events: 2 });
});

test('what came between is not erased unless it was asked for', async () => {
  await given(['parked'], ['pending']);
  expect(await erase(false)).toEqual({ kind: 'erased', events: 1 });
  expect((await countEvents(database, key)).pending).toBe(1);
});

test('a key with hundreds of events is erased in parts, parked ones last, so that it is held until all is done', async () => {
  await given(...Array.from({ length: 130 }, () => ['settled'] as ['settled']), ['parked'], ['parked']);
  await append(
    (sql, values) => database.query(sql, values),
    Array.from({ length: 120 }, () => ({
      ...{ type: 'pending', aggregate: { type: 'customer', id: '42' }, data: { name: 'Ada' } },
    })),
  );
  await database.query("UPDATE banyan_outbox_lease SET owner = 'r', expires_at = NOW(6) + INTERVAL 1 HOUR");
  expect(await erase()).toEqual({ kind: 'erased', events: 252 });
  const audit = await readAudit(database, { limit: 1_000 });
  expect(audit.slice(0, 3).map(({ detail }) => detail)).toEqual(['was parked', 'was parked', 'was pending']);
});

test('a replay sends nothing again that was erased', async () => {
  await given(['settled'], ['settled', '7']);
  const replayed = async () => {
    const { sql, values } = inRange({ types: ['settled'], from: 0, to: Date.now() + 3_600_000, rate: 1 });
    const [found] = await database.query(
      `SELECT partition_key AS k FROM banyan_outbox o JOIN ${CLOCKS} ${RECEIPT} WHERE ${sql} ORDER BY o.id`,
      values,
    );
    return (found as { k: string }[]).map(({ k }) => k);
  };
  expect(await replayed()).toEqual(['customer:42', 'customer:7']);
  await erase();
  expect(await replayed()).toEqual(['customer:7']);
});
