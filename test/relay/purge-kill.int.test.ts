import { Queue } from 'bullmq';
import { expect, inject, onTestFinished, test } from 'vitest';
import { queueName } from '../../relay/jobs/job-queue.ts';
import type { PurgeProgress } from '../../relay/jobs/purge-job.ts';
import { until } from '../support/until.ts';
import { relayChildren } from './relay-children.ts';
import { scene, type Scene } from './support.ts';

const ROWS = 20_000;

/** Rows that were settled two hours ago, in all buckets. */
async function history({ database }: Scene): Promise<void> {
  const digits = Array.from(
    { length: 4 },
    (_, n) =>
      `(SELECT 0 AS n ${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((d) => `UNION ALL SELECT ${d} `).join('')}) d${n}`,
  );
  for (const half of ['a', 'b']) {
    await database.query(
      `INSERT INTO banyan_outbox
         (event_id, source, type, aggregate_type, aggregate_id, data, state, server_clock, appended_at, settled_at)
       SELECT UUID(), '/monolith', 'T', ?, CONCAT(d0.n, d1.n, d2.n, d3.n), '1', 'settled', NULL,
              CURRENT_TIMESTAMP(6) - INTERVAL 3 HOUR, CURRENT_TIMESTAMP(6) - INTERVAL 2 HOUR FROM ${digits.join(', ')}`,
      [half],
    );
  }
}

test('a purge whose relay is killed in the middle is completed by the next relay, as the same job', async () => {
  const it = await scene();
  const start = relayChildren(it);
  await history(it);
  const options = {
    lease: 1_500,
    requestTimeout: 500,
    redis: inject('redis'),
    retention: 3_600_000,
    // One run only: what is left over would otherwise be done by the next.
    purgeEvery: 3_600_000,
  };
  const jobs = new Queue(await queueName(it.database, 'purge'), { connection: { url: inject('redis') } });
  onTestFinished(() => jobs.close());

  const relay = start({ ...options, name: 'killed' });
  const running = await until('a run is under way', async () => {
    const [job] = await jobs.getActive();
    return (job?.progress as PurgeProgress | undefined)?.deleted ? job : undefined;
  });
  await relay.killed();
  const { settled } = await it.states();
  expect(settled).toBeGreaterThan(0);
  expect(settled).toBeLessThan(ROWS);
  expect(await running.getState()).toBe('active');

  start({ ...options, name: 'heir' });
  await until('the run is complete', async () => (await running.getState()) === 'completed');
  expect(await it.states()).toEqual({ pending: 0, settled: 0, parked: 0 });
  const done = await jobs.getJob(running.id!);
  expect(done?.progress).toEqual({ buckets: 64, deleted: settled });
  expect(done?.returnvalue).toEqual({ buckets: 64, deleted: settled });
}, 60_000);
