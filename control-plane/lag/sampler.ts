import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { watchRates, type RateWatch } from './rates.ts';
import { readSample, type Sample } from './sample.ts';

/** The outbox as it is now, or why nobody knows. */
export type Reading =
  | { readonly sample: Sample; readonly problem?: undefined }
  | { readonly sample?: undefined; readonly problem: string };

export interface Sampler {
  /** Asks the database, beginning no earlier than this call; once for all who wait. Never rejects. */
  read(): Promise<Reading>;
  /** The last reading; a reading older than ten seconds is none. */
  last(): Reading;
  readonly rates: RateWatch;
  stop(): Promise<void>;
}

const EVERY = 1_000;
/** Where a look takes long, the next is this far away at most. */
const SELDOM = 5_000;
const STALE_AFTER = 10_000;

/**
 * Samples the outbox once a second, and less often where that takes long: the legacy database comes first. `onSample` gets
 * each.
 */
export function startSampler(
  database: Database,
  log: Log,
  onSample: (sample: Sample) => void = () => {},
): Sampler {
  const stopping = new AbortController();
  const rates = watchRates();
  let last: Reading = { problem: 'outbox: it has not been read yet' };
  let lastAt = 0;
  let reading: Promise<Reading> | undefined;
  let next: Promise<Reading> | undefined;

  const read = (): Promise<Reading> => {
    // What is under way may have seen the outbox before the caller's own change.
    if (reading)
      return (next ??= reading.then(() => {
        next = undefined;
        return read();
      }));
    reading = readSample(database)
      .then(
        (sample): Reading => {
          rates.add(sample);
          onSample(sample);
          if (last.problem !== undefined && lastAt > 0) log.info('the outbox can be read again');
          return { sample };
        },
        (error: Error): Reading => {
          if (last.problem === undefined || lastAt === 0)
            log.warn({ err: error }, 'the outbox can not be read; its lag is unknown');
          return { problem: `outbox: ${describe(error)}` };
        },
      )
      .then((now) => {
        last = now;
        lastAt = Date.now();
        return now;
      })
      .finally(() => (reading = undefined));
    return reading;
  };

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      await read();
      const took = performance.now() - begun;
      await wait(Math.min(SELDOM, Math.max(EVERY - took, 4 * took)), stopping.signal);
    }
  })();

  return {
    read,
    last: () =>
      Date.now() - lastAt > STALE_AFTER && lastAt > 0
        ? { problem: `outbox: it was read ${Math.round((Date.now() - lastAt) / 1_000)} s ago, and not since` }
        : last,
    rates,
    async stop() {
      stopping.abort();
      await loop;
      await (next ?? reading);
    },
  };
}

/** mysql2 gives a refused connection an empty message and says what happened in `code`. */
export function describe(error: Error & { code?: string }): string {
  return error.message || error.code || String(error);
}
