import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { aggregateStreams, furtherStreams } from '../../contexts/index.ts';
import { contextOf } from '../../control-plane/client.ts';
import { loadTranslations } from '../../legacy-adapter/index.ts';
import { poisonPolicy } from '../../outbox/operator/index.ts';
import { startRelay } from '../../relay/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { openLog } from '../../runtime/log.ts';
import { processMetrics } from '../../runtime/process-metrics.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { emulatorCredentials } from '../emulator-credentials.ts';
import { loadConfig } from '../load-config.ts';
import { loadTypes } from '../load-types.ts';
import { UsageError } from '../usage-error.ts';
import { registerAcceptServer } from './relay-accept-server.ts';
import { registerStatus } from './relay-status.ts';

/** `banyan relay`: publishes the outbox of banyan.yaml to its stream until SIGINT or SIGTERM. */
export function register(program: Command): void {
  const relayCommand = program
    .command('relay')
    .description('publish committed events from the outbox to the stream')
    .option('--name <name>', 'how this relay is named; host name, process id and a random part unless given')
    .option('--ops <address>', 'its ops port; relay.ops of the configuration unless given')
    .action(async ({ name, ops }: { name?: string; ops?: string }, self: Command) => {
      const file = self.optsWithGlobals<{ config: string }>().config;
      const config = loadConfig(file);
      const { outbox, stream, relay, redis, captures, registry: registryModule } = config;
      if (!outbox || !stream) {
        const missing = [...(outbox ? [] : ['outbox.database']), ...(stream ? [] : ['stream.name'])];
        throw new UsageError(
          `${file}: a relay needs ${missing.join(' and ')}; add ${missing.length > 1 ? 'them' : 'it'}`,
        );
      }
      const log = openLog('relay');
      const translate = await loadTranslations(captures, dirname(resolve(file)));
      const registry = await loadTypes({ registry: registryModule, captures }, file);
      const stopped = shutdownSignal();
      const database = openDatabase(outbox.database);
      try {
        const running = await startRelay({
          ...relay,
          database,
          stream,
          streams: furtherStreams(config),
          aggregates: aggregateStreams(config),
          redis,
          contexts: { names: Object.keys(config.contexts), of: contextOf(config) },
          retention: outbox.retention,
          failover: outbox.failover,
          name: name ?? relay.name ?? `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`,
          ops: ops ?? relay.ops,
          metrics: [processMetrics()],
          translate,
          onPoison: poisonPolicy({ registry, otherwise: relay.onPoison }),
          registry,
          log,
          credentials: emulatorCredentials(stream.endpoint, process.env),
        });
        log.info({ ops: running.opsUrl, stream: stream.name }, 'relay runs');
        if (!stopped.aborted)
          await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }));
        log.info('stopping: requests in flight end, leases are given back');
        await running.stop();
      } finally {
        await database.end();
      }
    });
  registerStatus(relayCommand);
  registerAcceptServer(relayCommand);
}
