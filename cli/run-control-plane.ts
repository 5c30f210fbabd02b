import { lagRoutes, startControlPlane, type ControlPlaneOptions } from '../control-plane/index.ts';
import { openDatabase } from '../runtime/database.ts';

/** The admin API with everything that the configuration gives it to tell about. */
export async function runControlPlane(options: ControlPlaneOptions): Promise<{ stop(): Promise<void> }> {
  const { config, log } = options;
  const database = config.outbox && openDatabase(config.outbox.database, { connections: 4 });
  const lag = lagRoutes({ config, database, log });
  const end = async () => {
    await lag.stop();
    await database?.end();
  };
  try {
    const running = await startControlPlane({ lag: lag.router, pendingEvents: lag.inFlight, ...options });
    return {
      async stop() {
        await running.stop();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
