import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadTranslations } from '../../legacy-adapter/index.ts';
import { startRelay } from '../../relay/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { openLog } from '../../runtime/log.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan relay`: publishes the outbox of banyan.yaml to its stream until SIGINT or SIGTERM. */
export function register(program: Command): void {
  program
    .command('relay')
    .description('publish committed events from the outbox to the stream')
    .option('--name <name>', 'how this relay is named; host name, process id and a random part unless given')
    .option('--ops <address>', 'its ops port; relay.ops of the configuration unless given')
    .action(async ({ name, ops }: { name?: string; ops?: string }, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const { outbox, stream, relay, redis, captures } = loadConfig(file);
      if (!outbox || !stream) {
        const missing = [...(outbox ? [] : ['outbox.database']), ...(stream ? [] : ['stream.name'])];
        throw new UsageError(
          `${file}: a relay needs ${missing.join(' and ')}; add ${missing.length > 1 ? 'them' : 'it'}`,
        );
      }
      const log = openLog('relay');
      const translate = await loadTranslations(captures, dirname(resolve(file)));
      const stopped = shutdownSignal();
      const database = openDatabase(outbox.database);
      try {
        const running = await startRelay({
          ...relay,
          database,
          stream,
          redis,
          retention: outbox.retention,
          name: name ?? relay.name ?? `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`,
          ops: ops ?? relay.ops,
          translate,
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
}

/** An emulator asks for a signature and doesn't check it; with a real endpoint, AWS' own chain of credentials counts. */
function emulatorCredentials(endpoint: string | undefined, env: NodeJS.ProcessEnv) {
  const given = [
    'AWS_ACCESS_KEY_ID',
    'AWS_PROFILE',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  ];
  if (!endpoint?.startsWith('http://') || given.some((name) => env[name])) return undefined;
  return { accessKeyId: 'emulator', secretAccessKey: 'emulator' };
}
