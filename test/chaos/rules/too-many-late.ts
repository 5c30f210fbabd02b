import type { Late } from '../check-late.ts';

/** More late records of a key than one for its hand-over. */
export function tooManyLate({ beyond }: Late): string | undefined {
  if (beyond.length === 0) return undefined;
  const most = Math.max(...beyond.map(({ records }) => records));
  return `${most} late records of one key under one epoch, one is allowed`;
}
