import { randomBytes } from 'node:crypto';

/** The name of what the jobs are asked for: `replay-2026-11-28-5f0c11d2`. */
export function orderName(job: 'replay' | 'redrive'): string {
  return `${job}-${new Date().toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`;
}
