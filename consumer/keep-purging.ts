import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import type { Limit } from '../runtime/with-connection.ts';
import type { PurgePlace, SequenceInbox } from './sequence-inbox.ts';

/** What is due is a year old: once a day is often. Milliseconds. */
const EVERY = 86_400_000;
const RETRY = 600_000;
const PAGE_WITHIN = 10_000;
/** Handlers come first: after a page it rests so many times as long as that took. */
const REST = 10;

/**
 * Deletes what the inbox needn't remember of numbers any more, once a day from the start on, in small pages. What fails is
 * logged, and goes on where it was ten minutes later. Never rejects.
 */
export async function keepPurging<Tx>(
  {
    application,
    log,
    signal,
    limit,
  }: {
    readonly application: string;
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly limit: Limit;
  },
  numbers: SequenceInbox<Tx>,
): Promise<void> {
  const within = { timeout: Math.min(PAGE_WITHIN, limit.timeout), signal };
  let from: PurgePlace | undefined;
  let deleted = 0;
  while (!signal.aborted) {
    try {
      const began = performance.now();
      const page = await numbers.purge(application, from, within);
      from = page.next;
      deleted += page.deleted;
      if (from !== undefined) {
        await wait(Math.max(5, REST * (performance.now() - began)), signal);
        continue;
      }
      if (deleted > 0) log.info({ deleted }, 'purged old numbers and the old audit of the inbox');
      deleted = 0;
      await wait(EVERY, signal);
    } catch (error) {
      if (signal.aborted) break;
      log.warn(
        { err: error, retryInMs: RETRY },
        'the inbox can not be purged of old numbers; where a right is missing, `banyan install inbox --print` lists it',
      );
      await wait(RETRY, signal);
    }
  }
}
