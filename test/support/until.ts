/** Waits until `probe` returns something truthy, and returns it; throws with the last error after `timeout` ms. */
export async function until<T>(
  what: string,
  probe: () => Promise<T> | T,
  timeout = 10_000,
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
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
