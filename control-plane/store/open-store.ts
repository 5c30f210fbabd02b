import type { Config } from '../../contexts/index.ts';
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
