/** Waits until `probe` returns something truthy, and returns it; throws with the last error after `timeout` ms. Asks every `every` ms. */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  timeout = 30_000,
  every = 10,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeout;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found) return found as NonNullable<T>;
      last = found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`not within ${timeout} ms: ${what} (last: ${String(last)})`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, every));
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
