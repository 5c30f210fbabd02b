/** Callbacks, called after the caller is done: one that throws does not cut off the caller or the others. */
export interface Listeners {
  add(listener: () => void): () => void;
  call(): void;
}

export function openListeners(): Listeners {
  const all = new Set<() => void>();
  return {
    add(listener) {
      const own = () => listener();
      all.add(own);
      return () => void all.delete(own);
    },
    call() {
      for (const listener of all) queueMicrotask(listener);
    },
  };
}
