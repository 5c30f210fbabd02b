import { lagRoutes, type Lag } from '../control-plane/index.ts';
import type { Config } from '../contexts/index.ts';
import { openDatabase } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';

/** The lag of the configuration's outbox, with a connection of its own that ends with it. */
export function openLag(config: Config, log: Log): Lag {
  const database = config.outbox && openDatabase(config.outbox.database, { connections: 4 });
  const lag = lagRoutes({ config, database, log });
  return {
    ...lag,
    async stop() {
      await lag.stop();
      await database?.end();
    },
  };
}
