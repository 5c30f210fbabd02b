/** Times that a transaction is tried when the server chooses it as the victim of a deadlock. */
const TRIES = 5;

/** Runs a transaction again that the server has rolled back to end a deadlock. */
export async function persist<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ER_LOCK_DEADLOCK' || tries === TRIES) throw error;
    }
  }
}
