import { backoff } from '../runtime/backoff.ts';
import { wait } from '../runtime/wait.ts';
import { readShard, type ShardReading } from './read-shard.ts';
import { readyShards } from './ready-shards.ts';
import type { Shard } from './shard-reader.ts';

export interface StreamReading<Tx> extends ShardReading<Tx> {
  /** Milliseconds between two looks for new shards; the end of a shard causes a look at once. */
  readonly refresh: number;
}

/** Reads all shards of the stream at once, each after its parents, until `signal` aborts. */
export async function readStream<Tx>(reading: StreamReading<Tx>): Promise<void> {
  const { reader, progress, signal, log, refresh } = reading;
  const begun = new Map<string, Promise<void>>();
  const ended = new Set<string>();
  let failures = 0;
  let lookAgain = new AbortController();

  const begin = async (shard: Shard) => {
    progress.begin(shard.id);
    log.info({ shard: shard.id, parents: shard.parents }, 'reading a shard');
    if ((await readShard(reading, shard.id)) === 'stopped') return;
    log.info({ shard: shard.id }, 'a shard is read to its end');
    ended.add(shard.id);
    progress.end(shard.id);
    progress.unlisted(true);
    lookAgain.abort();
  };

  while (!signal.aborted) {
    lookAgain = new AbortController();
    let pause = refresh;
    try {
      const shards = await reader.shards(signal);
      for (const shard of readyShards(shards, new Set(begun.keys()), ended))
        begun.set(shard.id, begin(shard));
      if (!lookAgain.signal.aborted) progress.unlisted(false);
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      pause = backoff(failures);
      log.warn({ err: error, failures, retryInMs: pause }, 'the shards could not be listed; trying again');
      failures += 1;
    }
    await wait(pause, AbortSignal.any([signal, lookAgain.signal]));
  }
  await Promise.all(begun.values());
}
