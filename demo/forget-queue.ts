import { queueName } from '../relay/jobs/purge-job.ts';
import type { Database } from '../runtime/database.ts';
import { openRedis } from '../runtime/redis.ts';

/** Deletes what the relay's purge job of this outbox has left in a Redis that stays. */
export async function forgetQueue(url: string, outbox: Database): Promise<void> {
  const pattern = `bull:${await queueName(outbox)}:*`;
  const redis = openRedis(url);
  await new Promise((resolve) => redis.once('ready', resolve));
  try {
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      if (keys.length > 0) await redis.unlink(...keys);
      cursor = next;
    } while (cursor !== '0');
  } finally {
    redis.disconnect();
  }
}
