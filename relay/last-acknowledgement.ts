import type { Publisher } from './publisher.ts';

/** A publisher that remembers when the stream last acknowledged a record. */
export interface WatchedPublisher extends Publisher {
  /** Milliseconds since then; undefined: never. */
  acknowledgedAgo(): number | undefined;
}

export function watchAcknowledgements(
  publisher: Publisher,
  now: () => number = () => performance.now(),
): WatchedPublisher {
  let last: number | undefined;
  return {
    ...publisher,
    async publish(records) {
      const outcome = await publisher.publish(records);
      if (outcome.kind === 'answered' && outcome.records.some(({ kind }) => kind === 'acknowledged'))
        last = now();
      return outcome;
    },
    acknowledgedAgo: () => (last === undefined ? undefined : now() - last),
  };
}
