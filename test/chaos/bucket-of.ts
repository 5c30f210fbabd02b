import { crc32 } from 'node:zlib';
import { BUCKETS } from '../../outbox/event.ts';

/** The bucket of a key, as the database computes it. */
export const bucketOf = (key: string): number => crc32(key) % BUCKETS;
