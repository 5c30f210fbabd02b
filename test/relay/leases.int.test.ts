import { afterAll, beforeEach, expect, test } from 'vitest';
import { bindStream } from '../../outbox/bind-stream.ts';
import { createLeases } from '../../relay/leases.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const IDLE = { settledByType: {}, inFlight: 0, unsettled: 0, acknowledgedAgo: undefined };
const database = openDatabase(await freshDatabase('outbox'));
afterAll(() => database.end());
beforeEach(async () => {
  await database.query(`UPDATE banyan_outbox_lease SET owner = NULL`);
  await database.query('DELETE FROM banyan_outbox_relay');
  await database.query('DELETE FROM banyan_outbox_stream');
  await bindStream(database, 'old');
});
const leasesOf = (owner: string, stream: string) =>
  createLeases(database, { owner, stream, lease: 10_000, requestTimeout: 1_000, work: () => IDLE });

test('a relay whose stream was bound away just before it looks for leases gets none', async () => {
  const late = leasesOf('late', 'old');
  await bindStream(database, 'new');
  await late.tick();
  expect(late.claimable()).toEqual([]);
});

test('a relay whose leases ran out before the stream was bound away does not take them for renewed', async () => {
  const asleep = leasesOf('asleep', 'old');
  await asleep.tick();
  expect(asleep.claimable()).toHaveLength(64);
  await database.query(
    'UPDATE banyan_outbox_lease SET expires_at = CURRENT_TIMESTAMP(6) - INTERVAL 1 MICROSECOND',
  );
  await bindStream(database, 'new');
  await asleep.tick();
  expect(asleep.claimable()).toEqual([]);
});

test('a relay that can not look for its leases any more counts them as long as they last, and no longer', async () => {
  let at = 0;
  const leases = createLeases(database, {
    owner: 'alone',
    stream: 'old',
    lease: 10_000,
    requestTimeout: 1_000,
    work: () => IDLE,
    now: () => at,
  });
  await leases.tick();
  expect(leases.count).toBe(64);
  at = 10_000;
  expect(leases.count).toBe(0);
});
