import type { Command } from 'commander';
import { isLoopback } from '../../contexts/index.ts';
import { openStore, startControlPlane, unreadable } from '../../control-plane/index.ts';
import { openLog } from '../../runtime/log.ts';
import { startOpsServer } from '../../runtime/ops-server.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { address } from '../address-option.ts';
import { loadConfig } from '../load-config.ts';
import { openLag } from '../open-lag.ts';
import { untilAborted } from '../until-aborted.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan control-plane`: the admin API alone, until SIGINT or SIGTERM. */
export function register(program: Command): void {
  program
    .command('control-plane')
    .description('serve the admin API: contexts, changes, lag')
    .option('--listen <address>', 'where; control.admin of the configuration unless given', address)
    .option('--ops <address>', 'its ops port; control.ops of the configuration unless given', address)
    .action(async ({ listen, ops }: { listen?: string; ops?: string }, command: Command) => {
      const config = loadConfig(command.optsWithGlobals<{ config: string }>().config);
      if (listen !== undefined && !config.control.exposed && !isLoopback(listen))
        throw new UsageError(
          `--listen ${listen}: other hosts would reach the admin API there; use a loopback address, or say \`exposed: true\` under \`control\`, with tokens`,
        );
      const stopped = shutdownSignal();
      const log = openLog('control-plane');
      const store = await openStore(config);
      const lag = openLag(config, log);
      const stops: (() => Promise<unknown>)[] = [() => lag.stop(), () => store.close()];
      try {
        const controlPlane = await startControlPlane({
          ...{ config, store, log, listen, lag: lag.router, pendingEvents: lag.inFlight },
        });
        stops.unshift(() => controlPlane.stop());
        const opsServer = await startOpsServer({
          address: ops ?? config.control.ops,
          metrics: lag.metrics,
          notReady: () => unreadable(store),
        });
        stops.unshift(() => opsServer.close());
        await untilAborted(stopped);
      } finally {
        for (const stop of stops) await stop();
      }
    });
}
