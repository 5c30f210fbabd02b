import type { Command } from 'commander';
import { isLoopback } from '../../contexts/index.ts';
import { openStore, startControlPlane, unreadable } from '../../control-plane/index.ts';
import { openLog } from '../../runtime/log.ts';
import { startOpsServer } from '../../runtime/ops-server.ts';
import { processMetrics } from '../../runtime/process-metrics.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { address } from '../address-option.ts';
import { followConfig } from '../follow-config.ts';
import { loadConfig } from '../load-config.ts';
import { openLag } from '../open-lag.ts';
import { untilAborted } from '../until-aborted.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly listen?: string;
  readonly ops?: string;
  /** False with `--no-watch`. */
  readonly watch: boolean;
}

/** `banyan control-plane`: the admin API alone, until SIGINT or SIGTERM. */
export function register(program: Command): void {
  program
    .command('control-plane')
    .description('serve the admin API: contexts, changes, lag')
    .option('--listen <address>', 'where; control.admin of the configuration unless given', address)
    .option('--ops <address>', 'its ops port; control.ops of the configuration unless given', address)
    .option(
      '--no-watch',
      'take a changed configuration over at SIGHUP alone, not as soon as its file changes',
    )
    .action(async ({ listen, ops, watch }: Options, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const config = loadConfig(file);
      if (listen !== undefined && !config.control.exposed && !isLoopback(listen))
        throw new UsageError(
          `--listen ${listen}: other hosts would reach the admin API there; use a loopback address, or say \`exposed: true\` under \`control\`, with tokens`,
        );
      const stopped = shutdownSignal();
      const log = openLog('control-plane');
      const followed = followConfig(file, config, { watch, log });
      const store = await openStore(config, followed.now);
      const lag = openLag(config, log);
      const stops: (() => Promise<unknown>)[] = [
        async () => followed.stop(),
        () => lag.stop(),
        () => store.close(),
      ];
      try {
        const controlPlane = await startControlPlane({
          ...{
            config,
            store,
            log,
            listen,
            lag: lag.router,
            pendingEvents: lag.inFlight,
            handledAgo: lag.handledAgo,
          },
          configNow: followed.now,
        });
        stops.unshift(() => controlPlane.stop());
        const opsServer = await startOpsServer({
          address: ops ?? config.control.ops,
          metrics: [lag.metrics, processMetrics()],
          notReady: () => unreadable(store),
        });
        stops.unshift(() => opsServer.close());
        await untilAborted(stopped);
      } finally {
        for (const stop of stops) await stop();
      }
    });
}
