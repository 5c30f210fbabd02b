import type { Config } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import type { SnapshotStore } from '../store/snapshot-store.ts';

export interface PublishOptions {
  /** The configuration in force. */
  readonly config: () => Config;
  readonly store: Pick<SnapshotStore, 'putLag'>;
  /** As `Lag.handledAgo`. */
  readonly handledAgo: (context: string) => number | undefined;
  readonly log: Log;
}

/** Milliseconds between two, and how long a store that hangs is waited for at the stop. */
const EVERY = 250;
const STOP_PATIENCE = 1_000;

/**
 * Puts the lag of every context that has `maxLag` into the store, four times a second, for all gateways to read. What is
 * unknown isn't put: what stands there grows older by itself, and is too great before long.
 */
export function publishLag({ config, store, handledAgo, log }: PublishOptions): { stop(): Promise<void> } {
  const lagging = () =>
    Object.entries(config().contexts).flatMap(([name, { maxLag }]) => (maxLag === undefined ? [] : [name]));
  const stopping = new AbortController();
  let failing = false;
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const contexts = lagging();
      try {
        if (contexts.length > 0)
          await store.putLag(() =>
            Object.fromEntries(
              contexts.flatMap((name): [string, number][] => {
                const ago = handledAgo(name);
                return ago === undefined ? [] : [[name, ago]];
              }),
            ),
          );
        if (failing) log.info('gateways are told the lag again');
        failing = false;
      } catch (error) {
        if (stopping.signal.aborted) break;
        if (!failing) log.warn({ err: error }, 'gateways can’t be told the lag: it is unknown to them soon');
        failing = true;
      }
      await wait(EVERY, stopping.signal);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await Promise.race([loop, wait(STOP_PATIENCE)]);
    },
  };
}
