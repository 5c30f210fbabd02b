import { afterAll, beforeEach, expect, test } from 'vitest';
import { bindStream, boundStream, StreamMismatch } from '../../outbox/bind-stream.ts';
import { readLeases, releaseLeases, renewLeases, takeLeases } from '../../outbox/lease.ts';
import { forget, heartbeat, leave } from '../../outbox/relay-member.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());
beforeEach(async () => {
  await database.query(`UPDATE banyan_outbox_lease SET owner = NULL, epoch = 0, expires_at = '1970-01-02'`);
  await database.query('DELETE FROM banyan_outbox_relay');
  await database.query('DELETE FROM banyan_outbox_stream');
  await bindStream(database, 'old');
});

const doing = (settledByType: Record<string, number> = {}) => ({
  ...{ settledByType, inFlight: 0, unsettled: 0, acknowledgedAgo: undefined },
});
const times = { lease: 10_000, requestTimeout: 1_000, stream: 'old' };
const leaseOf = async (bucket: number) => (await readLeases(database, times))[bucket]!;
const expiredSince = (bucket: number, milliseconds: number) =>
  database.query(
    'UPDATE banyan_outbox_lease SET expires_at = CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND WHERE bucket = ?',
    [milliseconds * 1_000, bucket],
  );

test('a free lease is taken once, with the next epoch, for the time asked', async () => {
  expect(await takeLeases(database, 'a', [7], times)).toBe(1);
  expect(await takeLeases(database, 'b', [7], times)).toBe(0);
  const { remaining, ...lease } = await leaseOf(7);
  expect(lease).toEqual({ bucket: 7, owner: 'a', epoch: 1 });
  expect(remaining).toBeGreaterThan(9_000);
  expect(remaining).toBeLessThanOrEqual(10_000);
});

test('two relays that try for all buckets at once share them without overlap', async () => {
  const all = Array.from({ length: 64 }, (_, bucket) => bucket);
  const taken = await Promise.all(['a', 'b', 'c'].map((owner) => takeLeases(database, owner, all, times)));
  expect(taken.reduce((sum, count) => sum + count, 0)).toBe(64);
  expect((await readLeases(database, times)).every(({ epoch }) => epoch === 1)).toBe(true);
});

test('an expired lease is taken only when the longest request of its owner has ended too', async () => {
  await takeLeases(database, 'a', [7], times);
  await expiredSince(7, 500);
  expect(await takeLeases(database, 'b', [7], times)).toBe(0);
  await expiredSince(7, 1_001);
  expect(await takeLeases(database, 'b', [7], times)).toBe(1);
  expect(await leaseOf(7)).toMatchObject({ owner: 'b', epoch: 2 });
});

test('renewing keeps the epoch and touches no lease of another', async () => {
  await takeLeases(database, 'a', [1], times);
  await takeLeases(database, 'b', [2], times);
  await expiredSince(1, 100);
  await expiredSince(2, 100);
  await renewLeases(database, 'a', times);
  expect(await leaseOf(1)).toMatchObject({ owner: 'a', epoch: 1 });
  expect((await leaseOf(1)).remaining).toBeGreaterThan(9_000);
  expect((await leaseOf(2)).remaining).toBeLessThan(0);
});

test('a lease given back is taken at once; nobody gives back what another holds', async () => {
  await takeLeases(database, 'a', [1, 2], times);
  await releaseLeases(database, 'b', [1, 2], times);
  expect(await takeLeases(database, 'c', [1, 2], times)).toBe(0);
  await releaseLeases(database, 'a', [1], times);
  expect(await takeLeases(database, 'c', [1, 2], times)).toBe(1);
  expect(await leaseOf(1)).toMatchObject({ owner: 'c', epoch: 2 });
});

test('live relays are those seen within a lease; one that leaves is gone at once', async () => {
  expect(await heartbeat(database, 'a', doing(), 10_000)).toBe(1);
  expect(await heartbeat(database, 'b', doing({ OrderPlaced: 3 }), 10_000)).toBe(2);
  await database.query(
    `UPDATE banyan_outbox_relay SET seen_at = CURRENT_TIMESTAMP(6) - INTERVAL 11 SECOND WHERE relay = 'a'`,
  );
  expect(await heartbeat(database, 'b', doing({ OrderPlaced: 4 }), 10_000)).toBe(1);
  const [rows] = await database.query(`SELECT settled_by_type FROM banyan_outbox_relay WHERE relay = 'b'`);
  expect(rows).toEqual([{ settled_by_type: '{"OrderPlaced":4}' }]);
  await heartbeat(database, 'a', doing(), 10_000);
  await leave(database, 'a');
  expect(await heartbeat(database, 'b', doing(), 10_000)).toBe(1);
});

test('a relay that ended without leaving is forgotten by the next heartbeat after an hour, or by its name before', async () => {
  const silent = (relay: string, seconds: number) =>
    database.query(
      `UPDATE banyan_outbox_relay SET seen_at = CURRENT_TIMESTAMP(6) - INTERVAL ? SECOND WHERE relay = ?`,
      [seconds, relay],
    );
  const named = async () => {
    const [rows] = await database.query('SELECT relay FROM banyan_outbox_relay ORDER BY relay');
    return (rows as { relay: string }[]).map(({ relay }) => relay);
  };
  for (const relay of ['dead~1', 'dead~2', 'dead~3', 'live~1'])
    await heartbeat(database, relay, doing(), 10_000);
  await silent('dead~1', 3_700);
  await silent('dead~2', 60);
  await heartbeat(database, 'live~1', doing(), 10_000);
  expect(await named()).toEqual(['dead~2', 'dead~3', 'live~1']);
  expect(await forget(database, 'live', 10_000)).toBe(0);
  expect(await forget(database, 'dead', 10_000)).toBe(1);
  expect(await named()).toEqual(['dead~3', 'live~1']);
});

const everything = Array.from({ length: 64 }, (_, bucket) => bucket);

test('a relay of another stream than the bound one takes and renews nothing', async () => {
  await takeLeases(database, 'a', [7], times);
  await expiredSince(7, 100);
  await bindStream(database, 'new');
  await renewLeases(database, 'a', times);
  expect((await leaseOf(7)).remaining).toBeLessThan(0);
  expect(await takeLeases(database, 'a', everything, times)).toBe(0);
  expect(await takeLeases(database, 'b', [8], { ...times, stream: 'new' })).toBe(1);
});

test('leases that are being taken while the stream is bound anew are taken before it or not at all', async () => {
  // The binding is being changed: it is locked, and not committed.
  const binding = await database.getConnection();
  await binding.beginTransaction();
  await binding.query(`UPDATE banyan_outbox_stream SET stream = 'new' WHERE id = 1`);
  let over = false;
  const taking = takeLeases(database, 'a', everything, times).finally(() => (over = true));
  await until('the taking waits for the binding', async () => over || (await underWay()));
  expect(over).toBe(false);
  await binding.commit();
  expect(await taking).toBe(0);

  // Leases are being taken: the binding waits, and sees them then.
  await binding.beginTransaction();
  await binding.query(`SELECT 1 FROM banyan_outbox_stream WHERE id = 1 LOCK IN SHARE MODE`);
  await binding.query(
    `UPDATE banyan_outbox_lease SET owner = 'b', expires_at = CURRENT_TIMESTAMP(6) + INTERVAL 10 SECOND`,
  );
  const refused = bindStream(database, 'newest').catch((error: unknown) => error);
  await until('the binding waits for the leases', underWay);
  await binding.commit();
  binding.release();
  expect(await refused).toBeInstanceOf(StreamMismatch);
  expect(await boundStream(database)).toBe('new');
});

/** Whether another session is in the middle of a statement about the binding. */
async function underWay(): Promise<boolean> {
  const [rows] = await database.query(
    `SELECT 1 FROM information_schema.processlist
      WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE '%banyan_outbox_stream WHERE%'`,
  );
  return (rows as unknown[]).length > 0;
}
