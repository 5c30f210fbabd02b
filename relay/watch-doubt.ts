import { wait } from '../runtime/wait.ts';
import type { Publisher } from './publisher.ts';

/** A publisher that remembers requests whose answer got lost. */
export interface DoubtfulPublisher extends Publisher {
  /** Resolves when none of the requests sent so far can have an effect any more. */
  doubtOver(): Promise<void>;
}

/** A request is over, whatever became of its answer, `requestTimeout` milliseconds after it was sent. */
export function watchDoubt<P extends Publisher>(publisher: P, requestTimeout: number): P & DoubtfulPublisher {
  let until = 0;
  return {
    ...publisher,
    async publish(records) {
      const sentAt = performance.now();
      const outcome = await publisher.publish(records);
      if (outcome.kind === 'unknown') until = Math.max(until, sentAt + requestTimeout);
      return outcome;
    },
    doubtOver: () => wait(Math.max(0, until - performance.now())),
  };
}
