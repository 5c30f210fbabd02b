import type { RowDataPacket } from 'mysql2/promise';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../../demo/servers/redis.ts';
import { lagHistoryJob } from '../../relay/jobs/lag-history-job.ts';
import { until } from '../support/until.ts';
import { drained, scene, type Scene } from './support.ts';

const contexts = {
  names: ['things', 'others'],
  of: (type: string) => (type === 'ThingHappened' ? 'things' : undefined),
};

async function history({ database }: Scene) {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT context, pending, oldest_ms AS oldest, parked FROM banyan_outbox_lag_history ORDER BY minute, context',
  );
  return rows;
}

test('a relay writes the lag of each context down; while Redis is away nothing is made up, and events are sent', async () => {
  const it = await scene();
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  redis.kill('SIGKILL');
  await it.relay({ redis: redis.url, contexts });
  await it.append(['k', 1]);
  await drained(it);
  expect(await history(it)).toEqual([]);
  await it.proxy.away();
  await it.append(['k', 2], ['k', 3], ['k', 4, 'Unassigned']);
  await redis.restart();
  const rows = await until('it is looked at', async () => {
    const found = await history(it);
    return found.length > 0 ? found : undefined;
  });
  expect(rows).toMatchObject([
    { context: '', pending: 1 },
    { context: 'others', pending: 0, oldest: 0, parked: 0 },
    { context: 'things', pending: 2, parked: 0 },
  ]);
  expect(rows[2]!['oldest']).toBeGreaterThan(0);
});

test('a look that fails is written down as unknown, and the run fails with the reason', async () => {
  const it = await scene();
  const look = () =>
    lagHistoryJob({ database: it.database, contexts })({
      ...{ data: {}, stop: new AbortController().signal, progress: () => Promise.resolve() },
    });
  expect(await look()).toEqual({ pending: 0, parked: 0, forgotten: 0 });
  await it.database.query('RENAME TABLE banyan_outbox TO gone');
  await it.database.query('DELETE FROM banyan_outbox_lag_history');
  await expect(look()).rejects.toThrow('banyan_outbox');
  expect(await history(it)).toEqual(
    ['', 'others', 'things'].map((context) => ({ context, pending: null, oldest: null, parked: null })),
  );
});
