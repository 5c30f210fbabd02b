import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { register as capture } from './commands/capture.ts';
import { register as context } from './commands/context.ts';
import { register as controlPlane } from './commands/control-plane.ts';
import { register as gateway } from './commands/gateway.ts';
import { register as gateways } from './commands/gateways.ts';
import { register as route } from './commands/route.ts';
import { register as init } from './commands/init.ts';
import { register as lag } from './commands/lag.ts';
import { register as relay } from './commands/relay.ts';
import { register as install } from './commands/install.ts';
import { register as uninstall } from './commands/uninstall.ts';
import { UsageError } from './usage-error.ts';

const { version } = createRequire(import.meta.url)(
  import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
) as { version: string };

/** Runs the command that the arguments name. Sets the exit code: 0 done, 1 refused or failed, 2 called wrongly. */
export async function run(): Promise<void> {
  const program = new Command('banyan')
    .description('A strangler-fig migration kit for monoliths on MySQL or MariaDB.')
    .version(version)
    .option('-c, --config <file>', 'the configuration', 'banyan.yaml')
    .showHelpAfterError()
    .exitOverride();

  // One module per command, each with `register(program)`.
  for (const register of [
    init,
    capture,
    relay,
    install,
    uninstall,
    gateway,
    controlPlane,
    context,
    gateways,
    route,
    lag,
  ])
    register(program);

  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has said what is wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    process.stderr.write(`banyan: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
