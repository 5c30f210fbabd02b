import type { Config } from '../../contexts/index.ts';
import { openFileStore } from './file-store.ts';
import type { FirstStages, SnapshotStore } from './snapshot-store.ts';

/**
 * The store that `control.store` names. Nothing is connected or read yet: a store that is away shows at its
 * first use, and works by itself once it is back. `configNow` is the configuration in force, where it may change: it says
 * which contexts there are, and how each begins.
 */
export async function openStore(config: Config, configNow = () => config): Promise<SnapshotStore> {
  const options = {
    get first() {
      return firstOf(configNow());
    },
  };
  if (config.control.store === 'file')
    return openFileStore(Object.assign(options, { folder: config.gateway.stateDir }));
  const { database } = config.control;
  if (database === undefined) throw new Error('store mysql needs control.database');
  // Loaded only where it is used: a gateway with the file store has no use for Prisma.
  const { openPrismaStore } = await import('./prisma-store.ts');
  return openPrismaStore(Object.assign(options, { database, redis: config.redis }));
}

function firstOf({ contexts }: Config): FirstStages {
  return Object.fromEntries(
    Object.entries(contexts).map(([name, { reads, writes }]) => [name, { reads, writes }]),
  );
}
