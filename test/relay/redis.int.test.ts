import { Queue } from 'bullmq';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startRedis } from '../../demo/servers/redis.ts';
import { queueName } from '../../relay/jobs/job-queue.ts';
import { until } from '../support/until.ts';
import { drained, numbers, scene, type Scene } from './support.ts';

async function queue(it: Scene, url: string): Promise<Queue> {
  const opened = new Queue(await queueName(it.database, 'purge'), { connection: { url } });
  onTestFinished(() => opened.close());
  return opened;
}

test('settled rows are purged after their retention, and old entries of the audit; pending and parked ones never', async () => {
  const it = await scene();
  await it.append(...numbers(1_200).map((n): [string, number] => [`k${n % 10}`, n]));
  await it.append(['parked', 1], ['parked', 2]);
  await it.database.query(`UPDATE banyan_outbox SET state = 'parked' WHERE aggregate_id = 'parked' LIMIT 1`);
  await it.database.query(
    `INSERT INTO banyan_outbox_audit (at, actor, action, outbox_id, event_id, type, partition_key)
     VALUES (NOW(6) - INTERVAL 366 DAY, 'old', 'redriven', 1, 'e', 'T', 'k'),
            (NOW(6) - INTERVAL 364 DAY, 'young', 'redriven', 1, 'e', 'T', 'k')`,
  );
  await it.relay({ redis: inject('redis'), retention: 1, purgeEvery: 200 });
  await until('all settled rows are gone', async () => {
    const { pending, settled, parked } = await it.states();
    return pending === 1 && settled === 0 && parked === 1;
  });
  await until('the old entry is gone', async () => {
    const [entries] = await it.database.query('SELECT actor FROM banyan_outbox_audit');
    return JSON.stringify(entries) === '[{"actor":"young"}]';
  });
  const jobs = await (await queue(it, inject('redis'))).getJobs(['completed', 'active']);
  expect(jobs.some(({ progress }) => (progress as { deleted?: number }).deleted! > 0)).toBe(true);
});

test('rows that are due behind ten thousand that were settled late are purged all the same', async () => {
  const it = await scene();
  const digits = Array.from({ length: 4 }, (_, n) => `(SELECT 0 ${'UNION ALL SELECT 1 '.repeat(9)}) d${n}`);
  await it.database.query(
    `INSERT INTO banyan_outbox
       (event_id, source, type, aggregate_type, aggregate_id, data, state, server_clock, appended_at, settled_at)
     SELECT UUID(), '/monolith', 'T', 'thing', 'k', '1', 'settled', NULL, CURRENT_TIMESTAMP(6) - INTERVAL 3 HOUR,
            CURRENT_TIMESTAMP(6) FROM ${digits.join(', ')}`,
  );
  await it.append(['k', 1]);
  await it.database.query(
    `UPDATE banyan_outbox SET state = 'settled', server_clock = NULL, appended_at = CURRENT_TIMESTAMP(6) - INTERVAL 3 HOUR,
            settled_at = CURRENT_TIMESTAMP(6) - INTERVAL 2 HOUR WHERE type = 'ThingHappened'`,
  );
  const relay = await it.relay({
    redis: inject('redis'),
    retention: 3_600_000,
    purgeEvery: 100,
    ops: '127.0.0.1:0',
  });
  await until('the last row is gone', async () => (await it.states()).settled === 10_000);
  // Counted once the run is over.
  await until('it is counted', async () =>
    /^banyan_relay_purged_total 1$/m.test(await (await fetch(`${relay.opsUrl}/metrics`)).text()),
  );
});

test('without Redis nothing is purged, and the relay says so: at its start, and how long rows are overdue', async () => {
  const it = await scene();
  await it.append(['k', 1]);
  await it.database.query(
    `UPDATE banyan_outbox SET state = 'settled', settled_at = CURRENT_TIMESTAMP(6) - INTERVAL 3 HOUR`,
  );
  const relay = await it.relay({ retention: 3_600_000, ops: '127.0.0.1:0' });
  expect(it.logged.filter((line) => line.includes('no redis is configured'))).toHaveLength(1);
  await until('it is measured', async () =>
    /^banyan_relay_purge_overdue_seconds 72\d\d\./m.test(
      await (await fetch(`${relay.opsUrl}/metrics`)).text(),
    ),
  );
});

test('rows younger than the retention stay', async () => {
  const it = await scene();
  await it.append(['k', 1]);
  await it.relay({ redis: inject('redis'), retention: 3_600_000, purgeEvery: 50 });
  const jobs = await queue(it, inject('redis'));
  await drained(it);
  const runs = await jobs.getCompletedCount();
  await until('purging ran since', async () => (await jobs.getCompletedCount()) > runs + 1);
  expect(await it.states()).toEqual({ pending: 0, settled: 1, parked: 0 });
});

test('two relays with one Redis have one schedule and purge one at a time', async () => {
  const it = await scene();
  for (const name of ['one', 'two']) await it.relay({ name, redis: inject('redis'), purgeEvery: 50 });
  const jobs = await queue(it, inject('redis'));
  await until('purging runs', async () => (await jobs.getCompletedCount()) > 3);
  expect(await jobs.getJobSchedulersCount()).toBe(1);
  expect(await jobs.getGlobalConcurrency()).toBe(1);
});

test('while Redis is away the relay publishes and purging waits; when it comes, purging begins', async () => {
  const it = await scene();
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  redis.kill('SIGKILL');
  await it.append(['k', 1]);
  const relay = await it.relay({ redis: redis.url, retention: 1, purgeEvery: 100 });
  await drained(it);
  await it.append(['k', 2]);
  await drained(it);
  expect(await it.states()).toEqual({ pending: 0, settled: 2, parked: 0 });
  await until('its absence is logged', () => it.logged.some((line) => line.includes('redis')));
  expect(it.logged.filter((line) => line.includes('redis'))).toHaveLength(1);
  await redis.restart();
  await until('purged', async () => (await it.states()).settled === 0);
  redis.kill('SIGKILL');
  await it.append(['k', 3]);
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': [1, 2, 3] });
  const at = performance.now();
  const stopped = relay.stop();
  // Redis is waited for, but not by the events' way.
  await until(
    'the leases are given back',
    async () => {
      const [rows] = await it.database.query('SELECT 1 FROM banyan_outbox_lease WHERE owner IS NOT NULL');
      return (rows as unknown[]).length === 0;
    },
    1_500,
  );
  await stopped;
  expect(performance.now() - at).toBeLessThan(5_000);
});
