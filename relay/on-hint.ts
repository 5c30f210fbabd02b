import { HINT_CHANNEL } from '../outbox/hint.ts';
import { openRedis } from '../runtime/redis.ts';

/** Calls `wake` at every hint of a writer, whenever Redis is there. Returns the way to stop. */
export function onHint(url: string, wake: () => void): () => void {
  const redis = openRedis(url);
  redis.on('ready', () => void redis.subscribe(HINT_CHANNEL).catch(() => {}));
  redis.on('message', wake);
  return () => redis.disconnect();
}
