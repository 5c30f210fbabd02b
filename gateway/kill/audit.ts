import type { SnapshotSource } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { outage } from '../snapshot/outage.ts';
import { withTimeout } from '../snapshot/with-timeout.ts';
import type { Latches } from './latches.ts';

export interface Auditing {
  /** Hands over what there is, now and until it is all over. */
  begin(): void;
  stop(): Promise<void>;
}

export interface AuditingOptions {
  readonly latches: Pick<Latches, 'unaudited' | 'audited'>;
  readonly source: SnapshotSource;
  readonly log: Log;
  /** Milliseconds between two tries while the store is away. Default 1,000. */
  readonly again?: number;
  /** Milliseconds that the store may take to answer. Default 2,000. */
  readonly patience?: number;
}

/**
 * Hands kills and releases to the store's audit, the oldest first, for as long as it takes. Each is told until the store
 * has it, and kept there once: the store knows it by its id.
 */
export function openAuditing(options: AuditingOptions): Auditing {
  const { latches, source, log, again = 1_000, patience = 2_000 } = options;
  const telling = outage(
    log,
    'the store can’t be told of a kill or a release; it will be audited when the store is back',
    'the store has every kill and release in its audit',
  );
  const stopped = new AbortController();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (let [next] = latches.unaudited(); next; [next] = latches.unaudited()) {
      if (stopped.signal.aborted) return;
      try {
        if (source.recordKill) await withTimeout(source.recordKill(next), patience, 'the store');
      } catch (error) {
        telling.fails(error);
        await wait(again, stopped.signal);
        continue;
      }
      await latches.audited(next.id);
    }
    telling.over();
  }

  return {
    begin() {
      running ??= run().finally(() => {
        running = undefined;
        if (latches.unaudited().length > 0 && !stopped.signal.aborted) this.begin();
      });
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
