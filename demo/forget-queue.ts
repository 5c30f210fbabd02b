import { JOBS, queueName } from '../relay/jobs/job-queue.ts';
import type { Database } from '../runtime/database.ts';
import { openRedis } from '../runtime/redis.ts';

/** Deletes what the jobs of this outbox have left in a Redis that stays. */
export async function forgetQueue(url: string, outbox: Database): Promise<void> {
  const names = await Promise.all(JOBS.map((job) => queueName(outbox, job)));
  const redis = openRedis(url);
  await new Promise((resolve) => redis.once('ready', resolve));
  try {
    for (const name of names) {
      let cursor = '0';
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `bull:${name}:*`, 'COUNT', 1_000);
        if (keys.length > 0) await redis.unlink(...keys);
        cursor = next;
      } while (cursor !== '0');
    }
  } finally {
    redis.disconnect();
  }
}
