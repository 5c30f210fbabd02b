import { backoff } from '../runtime/backoff.ts';
import { wait } from '../runtime/wait.ts';
import { handleHeld } from './handle-numbered.ts';
import type { Handling } from './handle-record.ts';
import { numbersBetween } from './numbers-between.ts';
import type { SequenceInbox } from './sequence-inbox.ts';

/** An operator who lets a key go on waits for that long. Milliseconds. */
const EVERY = 1_000;
/** A look counts all that is held: where that is much, it rests ten times as long as it takes, up to so long. Milliseconds. */
const AT_LEAST_EVERY = 5_000;
const LOOK_WITHIN = 10_000;
/** Keys handled at once; each takes a connection of the pool. */
const AT_ONCE = 4;
/** Keys that one warning names. */
const NAMED = 10;

/**
 * Looks once a second at what is held: counts it, handles what is ready (after a crash in between, or by an operator's
 * decision), and warns of keys that have waited longer than `warnAfter` ms, as often as that. Never rejects.
 */
export async function watchHeld<Tx>(
  handling: Handling<Tx>,
  numbers: SequenceInbox<Tx>,
  warnAfter: number,
): Promise<void> {
  const { application, held, log, signal, limit } = handling;
  const within = { timeout: Math.min(LOOK_WITHIN, limit.timeout), signal };
  const busy = new Map<string, Promise<void>>();
  const failing = new Map<string, { readonly failures: number; readonly until: number }>();
  let warnedAt = -Infinity;
  let failures = 0;

  const handle = async (key: string) => {
    try {
      while (!signal.aborted && (await handleHeld(handling, key)));
      failing.delete(key);
    } catch (error) {
      handling.meter.retry();
      const before = failing.get(key)?.failures ?? 0;
      const retryInMs = backoff(before);
      failing.set(key, { failures: before + 1, until: Date.now() + retryInMs });
      log.error({ err: error, key, attempt: before, retryInMs }, 'a held event failed; its key waits for it');
    }
    busy.delete(key);
  };

  while (!signal.aborted) {
    let pause = EVERY;
    try {
      const take = held.look();
      const beganAt = performance.now();
      const reading = await numbers.read(application, within);
      take(reading);
      pause = Math.max(EVERY, Math.min(AT_LEAST_EVERY, 10 * (performance.now() - beganAt)));
      for (const key of reading.ready)
        if (busy.size < AT_ONCE && !busy.has(key) && (failing.get(key)?.until ?? 0) <= Date.now())
          busy.set(key, handle(key));
      if (reading.gap.oldestSeconds * 1_000 >= warnAfter && Date.now() - warnedAt >= warnAfter) {
        warnedAt = Date.now();
        for (const { key, last, first, events, seconds } of await numbers.waiting(application, NAMED, within))
          log.warn(
            { key, missing: numbersBetween(last, first), held: events, seconds },
            'a key waits for a number that has not come: `banyan held pass` lets it go on without',
          );
      }
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      pause = Math.max(EVERY, backoff(failures));
      log.warn({ err: error, failures, retryInMs: pause }, 'what is held could not be read; trying again');
      failures += 1;
    }
    await wait(pause, signal);
  }
  await Promise.all(busy.values());
}
