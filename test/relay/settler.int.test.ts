import { crc32 } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { bindStream } from '../../outbox/bind-stream.ts';
import { BUCKETS } from '../../outbox/event.ts';
import { takeLeases } from '../../outbox/lease.ts';
import { MOST_SETTLED } from '../../outbox/settle.ts';
import { startSettler, type Result } from '../../relay/settler.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { event, numbers } from './support.ts';

const OWNER = 'me';
const idsOf = (bucket: number, count: number) =>
  Array.from({ length: count * BUCKETS * 4 }, (_, n) => `k${n}`)
    .filter((id) => crc32(`thing:${id}`) % BUCKETS === bucket)
    .slice(0, count);

/** A settler with all leases, and one event of each of these aggregates, acknowledged and not yet written down. */
async function settling(ids: readonly string[]) {
  const database = openDatabase(await freshDatabase('outbox'), { connections: 8 });
  onTestFinished(() => database.end());
  await bindStream(database, 's');
  const all = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
  await takeLeases(database, OWNER, all, { lease: 600_000, requestTimeout: 1_000, stream: 's' });
  await append(
    (sql, values) => database.query(sql, values),
    ids.map((id) => event(id, 1)),
  );
  const [rows] = await database.query(
    `SELECT o.id, o.type, o.partition_key AS \`key\`, o.bucket, l.epoch
       FROM banyan_outbox o JOIN banyan_outbox_lease l USING (bucket) ORDER BY o.id`,
  );
  const results = (rows as (Result['row'] & { epoch: number })[]).map(({ epoch, ...row }): Result => ({
    ...{ row, epoch, bucket: row.bucket, stream: 's' },
    how: { kind: 'acknowledged', shardId: 'shardId-1', sequenceNumber: String(row.id) },
  }));
  const over: Result[] = [];
  const settler = startSettler(database, {
    owner: OWNER,
    holds: () => true,
    onOver: (result, written) => {
      expect(written).toBe(true);
      over.push(result);
    },
    onDatabase: () => undefined,
    onPoison: () => 'wait',
  });
  onTestFinished(() => settler.stop());
  const pendingOf = async (bucket: number) => {
    const [[row]] = (await database.query(
      `SELECT COUNT(*) AS n FROM banyan_outbox WHERE state = 'pending' AND bucket = ?`,
      [bucket],
    )) as unknown as [[{ n: number }]];
    return row.n;
  };
  return { database, results, settler, over, pendingOf };
}

test('all results of a bucket are written one after another, as they came; those of another bucket don’t wait for them', async () => {
  const [blocked, free] = [6, 7];
  const ofBlocked = idsOf(blocked, MOST_SETTLED + 100);
  const ofFree = idsOf(free, 100);
  const it = await settling([...ofBlocked, ...ofFree]);
  const [first, ...later] = it.results.filter(({ bucket }) => bucket === blocked) as [Result, ...Result[]];
  const others = it.results.filter(({ bucket }) => bucket === free);

  const holder = await it.database.getConnection();
  await holder.beginTransaction();
  await holder.query('SELECT 1 FROM banyan_outbox WHERE id = ? FOR UPDATE', [first.row.id]);
  it.settler.add([first]);
  await until('the first is being written, and waits for its row', async () => {
    const [rows] = await it.database.query(
      `SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'UPDATE (SELECT%'`,
    );
    return (rows as unknown[]).length > 0;
  });

  // One by one and mixed: whatever else than the bucket would choose the lane, some of these would come to a free one.
  for (const n of later.keys()) it.settler.add([later[n]!, ...others.slice(n, n + 1)]);
  await until('the other bucket is written', () => it.over.length >= others.length);
  expect(it.over).toEqual(others);
  expect(await it.pendingOf(free)).toBe(0);
  expect(await it.pendingOf(blocked)).toBe(ofBlocked.length);

  await holder.commit();
  holder.release();
  await until('all is written', () => it.settler.backlog === 0);
  expect(it.over.filter(({ bucket }) => bucket === blocked)).toEqual([first, ...later]);
  expect(await it.pendingOf(blocked)).toBe(0);
});

test('an event that is set aside is so only after what came before it in its bucket is settled', async () => {
  const bucket = 9;
  const it = await settling(idsOf(bucket, 40));
  for (const [n, result] of it.results.entries())
    it.settler.add([n % 10 === 9 ? { ...result, how: { kind: 'parked', reason: `no ${n}` } } : result]);
  await until('all is written', () => it.settler.backlog === 0);
  const [rows] = await it.database.query(
    `SELECT o.state, COALESCE(o.parked_at, r.settled_at) AS at
       FROM banyan_outbox o LEFT JOIN banyan_outbox_receipt r ON r.id = o.id ORDER BY o.id`,
  );
  const written = rows as { state: string; at: string }[];
  expect(written.map(({ state }) => state)).toEqual(
    numbers(40).map((n) => (n % 10 === 0 ? 'parked' : 'settled')),
  );
  for (const [n, { state, at }] of written.entries())
    if (state === 'parked')
      for (const before of written.slice(0, n))
        if (before.state === 'settled') expect(before.at <= at).toBe(true);
});
