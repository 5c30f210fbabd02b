import type { Redis } from 'ioredis';
import { openRedis } from '../runtime/redis.ts';

/** The channel on which writers may say that they have committed events. */
export const HINT_CHANNEL = 'banyan:outbox:hint';

/**
 * Wakes the relays, after a commit. It may get lost and is never needed: a relay looks by itself, within its
 * `poll`. Never rejects.
 */
export async function hint(redis: Pick<Redis, 'publish'>): Promise<void> {
  await redis.publish(HINT_CHANNEL, '1').catch(() => {});
}

/** Calls `wake` at every hint, whenever Redis is there. Returns the way to stop. */
export function onHint(url: string, wake: () => void): () => void {
  const redis = openRedis(url);
  redis.on('ready', () => void redis.subscribe(HINT_CHANNEL).catch(() => {}));
  redis.on('message', wake);
  return () => redis.disconnect();
}
