import type { Log } from '../runtime/log.ts';
import type { Publisher, RequestOutcome } from './publisher.ts';
import type { KeyState } from './key-state.ts';
import type { Window } from './window.ts';

export interface ShardWatch {
  /** Asks for the stream's shards; resolves when the window knows them, or goes on with those it knows. */
  look(): Promise<void>;
  /** Looks again when an answer names another shard than expected: the stream was resharded. */
  answered(request: readonly KeyState[], outcome: RequestOutcome): void;
}

/** Shortest time between two looks, in milliseconds. */
const PAUSE = 5_000;

/**
 * Keeps the window's shards those of the stream. They matter for fairness among shards alone, never for order, so
 * shards that are out of date, or that the relay isn't allowed to see (`kinesis:ListShards`), do no harm.
 */
export function watchShards(
  { publisher, window, log }: { publisher: Publisher; window: Window; log: Log },
  pause = PAUSE,
): ShardWatch {
  let [notBefore, told] = [0, false];
  async function look(): Promise<void> {
    notBefore = performance.now() + pause;
    try {
      const shards = await publisher.shards();
      if (shards.length > 0) window.reshard(shards);
    } catch (error) {
      if (!told)
        log.warn({ err: error }, "the stream's shards can't be listed (kinesis:ListShards); guessing them");
      told = true;
    }
  }
  return {
    look,
    answered(request, outcome) {
      if (outcome.kind !== 'answered' || performance.now() < notBefore) return;
      const unexpected = outcome.records.some(
        (record, index) => record.kind === 'acknowledged' && record.shardId !== request[index]!.shard.shardId,
      );
      if (unexpected) void look();
    },
  };
}
