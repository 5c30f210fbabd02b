import { randomFillSync } from 'node:crypto';

/** Bytes that are asked of the system at a time: asking for each id would cost more than all else of tracing. */
const POOL = 4_096;

export interface Ids {
  /** 32 hex digits, never all zero. With `seconds` the first eight are that time, as AWS X-Ray wants it. */
  trace(seconds?: number): string;
  /** 16 hex digits, never all zero. */
  span(): string;
}

/** Ids that nobody can guess or meet twice. */
export function randomIds(): Ids {
  const pool = Buffer.alloc(POOL);
  let at = POOL;
  const take = (bytes: number): string => {
    if (at + bytes > POOL) {
      randomFillSync(pool);
      at = 0;
    }
    at += bytes;
    const taken = pool.toString('hex', at - bytes, at);
    return /[^0]/.test(taken) ? taken : take(bytes);
  };
  return {
    trace: (seconds) => (seconds === undefined ? take(16) : seconds.toString(16).padStart(8, '0') + take(12)),
    span: () => take(8),
  };
}
