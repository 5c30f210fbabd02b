/** The promise, or a rejection when it takes longer than `milliseconds`. What it waits for goes on. */
export async function withTimeout<T>(promise: Promise<T>, milliseconds: number, who: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${who} took more than ${milliseconds} ms to answer`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
