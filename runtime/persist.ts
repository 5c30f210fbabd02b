import { backoff } from './backoff.ts';
import { wait } from './wait.ts';

/** Tries until it works, with pauses of up to 2 s, and reports what each try came to; undefined when `signal` aborts first. */
export async function persist<T>(
  attemptOnce: () => Promise<T>,
  report: (error?: unknown) => void,
  signal: AbortSignal,
): Promise<T | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const result = await attemptOnce();
      report();
      return result;
    } catch (error) {
      report(error);
      await wait(backoff(attempt, { base: 100, cap: 2_000 }), signal);
    }
  }
  return undefined;
}
