import { openRedis } from '../../runtime/redis.ts';
import type { RedisFacts } from './facts.ts';

/** Milliseconds that connecting and each answer may take. */
const TIMEOUT = 3_000;

/** Reads what Redis tells; rejects when it can't be reached in time. */
export async function readRedis(url: string): Promise<RedisFacts> {
  const redis = openRedis(url, { commandTimeout: TIMEOUT });
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no connection within ${TIMEOUT} ms`)), TIMEOUT);
      redis.once('ready', () => {
        clearTimeout(late);
        resolve();
      });
    });
    const info = await redis.info();
    const told = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const [asked, begun] = [Date.now(), performance.now()];
    const [seconds, micros] = await redis.time();
    const within = (performance.now() - begun) / 2;
    return {
      version: told('redis_version') ?? 'not told',
      eviction: told('maxmemory_policy'),
      clock: {
        ahead: Math.round(Number(seconds) * 1_000 + Number(micros) / 1_000 - asked - within),
        within: Math.ceil(within),
      },
    };
  } finally {
    redis.disconnect();
  }
}
