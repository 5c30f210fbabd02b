import { backoff } from '../runtime/backoff.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import type { Limit } from '../runtime/with-connection.ts';
import type { Meter } from './meter.ts';

/** A deadlock's victim may try again at once; more often than this, something else is wrong. */
const AT_ONCE = 5;

/** Tries for as long as it takes; `at` says in the log what fails. Never rejects. */
export async function insist<T>(
  {
    meter,
    log,
    signal,
    limit,
  }: { readonly meter: Meter; readonly log: Log; readonly signal: AbortSignal; readonly limit: Limit },
  at: Readonly<Record<string, unknown>>,
  attempt: () => Promise<T>,
): Promise<T | 'stopped'> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      meter.retry();
      if (limit.signal?.aborted) {
        log.warn({ err: error, ...at }, 'stopped in the middle of a record; it comes again');
        return 'stopped';
      }
      if (isDeadlock(error) && failures < AT_ONCE) continue;
      const retryInMs = backoff(failures);
      log.error(
        { err: error, ...at, attempt: failures, retryInMs },
        'a record failed; its shard waits for it',
      );
      await wait(retryInMs, signal);
    }
  }
  return 'stopped';
}

/** ER_LOCK_DEADLOCK, on either database. */
function isDeadlock(error: unknown): boolean {
  return (error as { errno?: number }).errno === 1213;
}
