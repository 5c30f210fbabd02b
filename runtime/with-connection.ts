import type { Pool as Database, PoolConnection as Connection } from 'mysql2/promise';

/** How long a piece of work may use the database. */
export interface Limit {
  /** Milliseconds for all of it, the wait for a connection included. Infinity is no limit. */
  readonly timeout: number;
  /** Ends it at once when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` on a connection of its own and gives up at `limit`, 10,000 ms unless given; `what` names it in the
 * error. The connection is destroyed then, so that whatever `work` still does can't reach the database: mysql2's own
 * `timeout` would put it back into the pool with the answer still to come, and the next statement would wait for a
 * server that has gone silent. What was sent before may still take effect on the server. A transaction that `work`
 * opens is `work`'s to end.
 */
export async function withConnection<T>(
  database: Database,
  work: (connection: Connection) => Promise<T>,
  { what, timeout = 10_000, signal }: Partial<Limit> & { readonly what: string },
): Promise<T> {
  const givenUp = Promise.withResolvers<never>();
  const giveUp = () => givenUp.reject(signal?.reason);
  givenUp.promise.catch(() => {});
  const late = () => new Error(`given up after ${timeout} ms without an answer: ${what.slice(0, 80)}`);
  const timer = timeout === Infinity ? undefined : setTimeout(() => givenUp.reject(late()), timeout);
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted) giveUp();
  try {
    const connection = await first(database, givenUp.promise);
    try {
      const result = await Promise.race([work(connection), givenUp.promise]);
      connection.release();
      return result;
    } catch (error) {
      // An error that the server itself answered with leaves the connection sound.
      if (error instanceof Error && 'sqlState' in error && !('fatal' in error && error.fatal))
        connection.release();
      else discard(connection);
      throw error;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

/** A connection, unless `givenUp` comes first: then it goes back to the pool as soon as it is there. */
async function first(database: Database, givenUp: Promise<never>): Promise<Connection> {
  const connecting = database.getConnection();
  try {
    return await Promise.race([connecting, givenUp]);
  } catch (error) {
    connecting.then(
      (connection) => connection.release(),
      () => {},
    );
    throw error;
  }
}

/** `destroy` alone waits for the other side to close too: one that is silent would keep this process alive. */
export function discard(connection: Connection): void {
  connection.destroy();
  (connection.connection as unknown as { stream: { destroy(): void } }).stream.destroy();
}
