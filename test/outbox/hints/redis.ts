import { Redis } from 'ioredis';
import { createHint } from '../../../outbox/index.ts';

export function openHint(url: string) {
  const redis = new Redis(url, { enableOfflineQueue: false });
  redis.on('error', () => {}); // while Redis is away the relays look by themselves
  return { hint: createHint(redis), close: () => redis.disconnect() };
}
