import type { Command } from 'commander';
import { isLoopback } from '../../contexts/index.ts';
import { openStore } from '../../control-plane/index.ts';
import { openLog } from '../../runtime/log.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { address } from '../address-option.ts';
import { loadConfig } from '../load-config.ts';
import { runControlPlane } from '../run-control-plane.ts';
import { untilAborted } from '../until-aborted.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan control-plane`: the admin API alone, until SIGINT or SIGTERM. */
export function register(program: Command): void {
  program
    .command('control-plane')
    .description('serve the admin API: contexts, changes, lag')
    .option('--listen <address>', 'where; control.admin of the configuration unless given', address)
    .action(async ({ listen }: { listen?: string }, command: Command) => {
      const config = loadConfig(command.optsWithGlobals<{ config: string }>().config);
      if (listen !== undefined && !config.control.exposed && !isLoopback(listen))
        throw new UsageError(
          `--listen ${listen}: other hosts would reach the admin API there; use a loopback address, or say \`exposed: true\` under \`control\`, with tokens`,
        );
      const stopped = shutdownSignal();
      const store = await openStore(config);
      try {
        const running = await runControlPlane({ config, store, log: openLog('control-plane'), listen });
        await untilAborted(stopped);
        await running.stop();
      } finally {
        await store.close();
      }
    });
}
