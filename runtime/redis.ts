import { Redis } from 'ioredis';

/**
 * A Redis connection that may be away: it reconnects for ever, commands fail at once while it is down,
 * and nobody has to listen for its errors. `commandTimeout`: a command that is not answered within so many milliseconds
 * fails; unless given it waits.
 */
export function openRedis(url: string, { commandTimeout }: { commandTimeout?: number } = {}): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    lazyConnect: false,
    connectTimeout: 2_000,
    ...(commandTimeout === undefined ? {} : { commandTimeout }),
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt, 5), 2_000),
  });
  redis.on('error', () => {});
  return redis;
}
