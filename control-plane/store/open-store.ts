import type { Config, SnapshotSource } from '../../contexts/index.ts';
import { openFileStore } from './file-store.ts';
import type { FirstStages, SnapshotStore } from './snapshot-store.ts';

/**
 * The store that `control.store` names. Nothing is connected or read yet: a store that is away shows at its
 * first use, and works by itself once it is back.
 */
export async function openStore(config: Config): Promise<SnapshotStore> {
  const first: FirstStages = Object.fromEntries(
    Object.entries(config.contexts).map(([name, { reads, writes }]) => [name, { reads, writes }]),
  );
  if (config.control.store === 'file') return openFileStore({ folder: config.gateway.stateDir, first });
  const { database } = config.control;
  if (database === undefined) throw new Error('store mysql needs control.database');
  // Loaded only where it is used: a gateway with the file store has no use for Prisma.
  const { openPrismaStore } = await import('./prisma-store.ts');
  return openPrismaStore({ database, redis: config.redis, first });
}

/**
 * The store as one gateway's source, with the way to take that gateway off the register when it stops. A report
 * that is under way then can't put it back.
 */
export function gatewaySource(
  store: SnapshotStore,
  gateway: string,
): { readonly source: SnapshotSource; leave(): Promise<void> } {
  let left = false;
  let last: Promise<unknown> = Promise.resolve();
  return {
    source: {
      read: store.read,
      onHint: store.onHint,
      async confirm(report) {
        if (left) return;
        const sent = store.confirm(report);
        last = sent.catch(() => {});
        await sent;
      },
    },
    async leave() {
      left = true;
      await last;
      await store.leave(gateway);
    },
  };
}
