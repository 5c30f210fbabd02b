import type { Connection, Database } from '../../runtime/database.ts';

/**
 * Seconds that a change of triggers waits for the table. While it waits, every new statement on the table waits
 * behind it: hence as short as the server allows (P7).
 */
export const LOCK_WAIT = 1;

/** Runs `work` on a session of its own that can't wait long for a lock, and closes the session afterwards. */
export async function withShortLockWait<T>(
  database: Database,
  /** For the message: `table 'product'`. */
  what: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await database.getConnection();
  try {
    await connection.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT}`);
    return await work(connection);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ER_LOCK_WAIT_TIMEOUT') throw cause;
    throw new Error(
      `${what} was in use for more than ${LOCK_WAIT} s, so the triggers could not be changed. ` +
        'Run the command again when no transaction holds it; it goes on from where it stopped.',
      { cause },
    );
  } finally {
    // Its settings and locks must not reach whoever asks the pool next.
    connection.destroy();
  }
}
