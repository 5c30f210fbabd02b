/** Pauses longer than that between two looks aren't counted whole: this machine stood still, and so did what is waited for. */
const LONGEST_PAUSE = 100;

/**
 * Waits until `probe` returns something truthy, and returns it; throws with the last error after `timeout` ms in which
 * this process ran. Asks every `every` ms.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  timeout = 60_000,
  every = 10,
): Promise<NonNullable<T>> {
  let last: unknown;
  for (let waited = 0; ;) {
    try {
      const found = await probe();
      if (found) return found as NonNullable<T>;
      last = found;
    } catch (error) {
      last = error;
    }
    if (waited > timeout)
      throw new Error(`not within ${timeout} ms: ${what} (last: ${String(last)})`, { cause: last });
    const since = Date.now();
    await new Promise((resolve) => setTimeout(resolve, every));
    waited += Math.min(Date.now() - since, Math.max(every * 2, LONGEST_PAUSE));
  }
}

/**
 * The same for what depends on `information_schema.innodb_trx`: both servers renew it only when nobody has read it for
 * 100 ms, so that those who ask all the time, in all the tests of a run, would see an old one for ever.
 */
export const untilOpenTransactions = <T>(
  what: string,
  probe: () => Promise<T> | T,
): Promise<NonNullable<T>> => until(what, probe, 25_000, 300);
