import type { SnapshotStore } from './snapshot-store.ts';

/** Why the store can't be read now; undefined when it can. A control plane is ready while it can; gateways go on without. */
export function unreadable(store: Pick<SnapshotStore, 'read'>): Promise<string | undefined> {
  return store.read().then(
    () => undefined,
    (error: Error) => error.message,
  );
}
