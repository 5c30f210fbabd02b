import { Gauge, type Registry } from 'prom-client';
import { readOutboxBytes } from '../../outbox/size.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { UNKNOWN, watchGrowth, type BudgetState } from './growth.ts';
import { stopCaptures, type StoppableCapture } from './stop-captures.ts';

export interface BudgetOptions {
  readonly bytes: number;
  readonly atBudget: 'alarm' | 'stopCapture';
  readonly captures: readonly StoppableCapture[];
  readonly log: Log;
  /** Milliseconds between two looks; 30,000 unless given. */
  readonly every?: number;
}

/**
 * Measures the outbox against its budget until the returned function is called; shows it in `registry`. At the budget it
 * says so, and stops the captures where that is configured: the monolith's writes go on, without events.
 */
export function watchBudget(
  database: Database,
  registry: Registry,
  { bytes: budget, atBudget, captures, log, every = 30_000 }: BudgetOptions,
): () => Promise<void> {
  const stopping = new AbortController();
  const growth = watchGrowth(budget);
  let state: BudgetState = UNKNOWN;
  let over = false;
  const gauge = (name: string, help: string, read: (now: BudgetState) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read(state));
      },
    });
  gauge('banyan_outbox_bytes', "Bytes of the outbox's tables on disk", ({ bytes }) => bytes);
  gauge(
    'banyan_outbox_growth_bytes_per_second',
    'Growth of the outbox over ten minutes',
    ({ bytesPerSecond }) => bytesPerSecond,
  );
  gauge(
    'banyan_outbox_seconds_to_budget',
    'When the outbox reaches its budget at that growth; 0 at the budget, NaN while unknown',
    ({ secondsLeft }) => secondsLeft,
  );

  async function look(): Promise<void> {
    state = growth(await readOutboxBytes(database), Date.now());
    const now = state.secondsLeft === 0;
    if (now && !over) log.error({ bytes: state.bytes, budget }, 'the outbox has reached its budget');
    if (!now && over) log.info({ bytes: state.bytes, budget }, 'the outbox is below its budget again');
    over = now;
    if (!over || atBudget !== 'stopCapture') return;
    const stopped = await stopCaptures(database, captures, state.bytes);
    if (stopped.length > 0)
      log.error(
        { captures: stopped, bytes: state.bytes },
        'captures were stopped, as outbox.budget says: their tables need a backfill (`banyan capture status`)',
      );
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!over) state = UNKNOWN;
        log.warn({ err: error }, 'the outbox could not be held against its budget');
      });
      await wait(every, stopping.signal);
    }
  })();
  return async () => {
    stopping.abort();
    await loop;
  };
}
