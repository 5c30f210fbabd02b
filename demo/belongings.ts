/** Everything that the demo has started, so that it can be put away again, the last thing first. */
export interface Belongings {
  /**
   * Takes over what `starting` becomes. It is put away even if the demo is told to stop before it was ready, and
   * whatever its neighbours do.
   */
  own<T>(what: string, starting: Promise<T>, putAway: (thing: T) => Promise<unknown>): Promise<T>;
  /** Puts everything away, one after the other; returns what could not be. */
  release(): Promise<string[]>;
}

export function openBelongings(): Belongings {
  const owned: { what: string; putAway: () => Promise<unknown> }[] = [];
  return {
    own(what, starting, putAway) {
      const started = starting.then(
        (thing) => () => putAway(thing),
        () => () => Promise.resolve(undefined),
      );
      owned.push({ what, putAway: async () => (await started)() });
      return starting;
    },
    async release() {
      const left: string[] = [];
      for (let last = owned.pop(); last; last = owned.pop()) {
        const { what } = last;
        await last.putAway().catch((error: unknown) => left.push(`${what}: ${String(error)}`));
      }
      return left;
    },
  };
}
