import { hostname } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { processName } from '../../contexts/index.ts';
import { gatewaySource, openStore, startControlPlane } from '../../control-plane/index.ts';
import { startGateway } from '../../gateway/start-gateway.ts';
import { openLineLog } from '../../runtime/line-log.ts';
import { openLog } from '../../runtime/log.ts';
import { parseAddress } from '../../runtime/address.ts';
import { processMetrics } from '../../runtime/process-metrics.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { wait } from '../../runtime/wait.ts';
import { address } from '../address-option.ts';
import { gatewayName } from '../gateway-name.ts';
import { loadConfig } from '../load-config.ts';
import { openLag } from '../open-lag.ts';
import { untilAborted } from '../until-aborted.ts';

interface Options {
  readonly name?: string;
  readonly listen?: string;
  readonly ops?: string;
  /** False with `--no-admin`. */
  readonly admin: boolean;
  /** False with `--no-watch`. */
  readonly watch: boolean;
}

/** Milliseconds that taking the gateway off the register may take while the store is away. */
const LEAVE_PATIENCE = 1_000;

/**
 * `banyan gateway`: the data plane, until SIGINT or SIGTERM. With the file store the admin API runs in the same
 * process; with MySQL any number of gateways run, and `banyan control-plane` apart.
 */
export function register(program: Command): void {
  program
    .command('gateway')
    .description('stand in front of the monolith and send each request where its context says')
    .option(
      '--name <name>',
      'how it is named among the gateways; host name and port unless given',
      checkedName,
    )
    .option('--listen <address>', 'where; gateway.listen of the configuration unless given', address)
    .option('--ops <address>', 'its ops port; gateway.ops of the configuration unless given', address)
    .option(
      '--no-admin',
      'with the file store: without the admin API, since another gateway of this host has it',
    )
    .option(
      '--no-watch',
      'take a changed configuration over at SIGHUP alone, not as soon as its file changes',
    )
    .action(async ({ admin, watch, ...options }: Options, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const config = loadConfig(file);
      const listen = options.listen ?? config.gateway.listen;
      const ops = options.ops ?? config.gateway.ops;
      // Processes that share a port differ in their ops ports.
      const { port } = parseAddress(config.gateway.reusePort ? ops : listen);
      const name = options.name ?? config.gateway.name ?? gatewayName(hostname(), port);
      const log = openLog('gateway');
      const accessLog = openLineLog('access');
      const stopped = shutdownSignal();
      let inForce = () => config;
      const store = await openStore(config, () => inForce());
      const { source, listensAt, leave } = gatewaySource({
        ...{ store, name },
        onListed: (listed) => {
          if (listed !== name)
            log.warn(
              { wanted: name, listed },
              'another gateway has this name; give each its own with --name',
            );
        },
      });
      // The store may be away at the stop; the gateway stays on the register then, until it is forgotten.
      const stops: (() => Promise<unknown>)[] = [
        () => Promise.race([leave().catch(() => {}), wait(LEAVE_PATIENCE)]),
        () => store.close(),
        () => accessLog.close(),
      ];
      try {
        const lag = admin && config.control.store === 'file' ? openLag(config, log) : undefined;
        if (lag) stops.unshift(() => lag.stop());
        const gateway = await startGateway({
          ...{ config, source, name, log, accessLog, listen, ops },
          readConfig: () => loadConfig(file),
          watched: watch ? [file] : [],
          metrics: [processMetrics(), ...(lag ? [lag.metrics] : [])],
        });
        inForce = gateway.config;
        listensAt(hostname(), Number(new URL(gateway.url).port));
        const reload = () => void gateway.reload();
        process.on('SIGHUP', reload);
        stops.unshift(async () => process.off('SIGHUP', reload));
        stops.unshift(() => gateway.stop());
        if (lag) {
          const controlPlane = await startControlPlane({
            ...{
              config,
              store,
              log,
              lag: lag.router,
              pendingEvents: lag.inFlight,
              handledAgo: lag.handledAgo,
            },
            configNow: gateway.config,
          });
          stops.unshift(() => controlPlane.stop());
        }
        await untilAborted(stopped);
      } finally {
        for (const stop of stops) await stop();
      }
    });
}

function checkedName(text: string): string {
  const parsed = processName.safeParse(text);
  if (parsed.success) return text;
  throw new InvalidArgumentError(`Required: ${parsed.error.issues[0]!.message}.`);
}
