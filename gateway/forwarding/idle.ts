import type { Readable, Writable } from 'node:stream';

/**
 * Calls `over` when nothing of an answer's body has come for `limit` milliseconds, unless it is the client that takes
 * nothing. Returns what ends the watch. Without a limit it waits for ever.
 */
export function watchIdle(
  answer: Readable,
  client: Writable,
  limit: number | undefined,
  over: (reason: Error) => void,
): () => void {
  if (limit === undefined) return unwatched;
  const timer = setTimeout(() => {
    if (client.writableNeedDrain) timer.refresh();
    else over(new Error(idleMessage(limit)));
  }, limit);
  const refresh = () => void timer.refresh();
  answer.on('data', refresh);
  return () => {
    clearTimeout(timer);
    answer.off('data', refresh);
  };
}

/** Why an exchange is broken off that has become silent. */
export function idleMessage(limit: number): string {
  return `nothing of the answer's body for ${limit} ms`;
}

function unwatched(): void {}
