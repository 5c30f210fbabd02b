import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { UsageError } from './usage-error.ts';

const { version } = createRequire(import.meta.url)(
  import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
) as { version: string };

// One module per command, each with `register(program)`; a process loads what its command needs, and no more.
const COMMANDS = {
  init: () => import('./commands/init.ts'),
  config: () => import('./commands/config.ts'),
  capture: () => import('./commands/capture.ts'),
  relay: () => import('./commands/relay.ts'),
  types: () => import('./commands/types.ts'),
  jobs: () => import('./commands/jobs.ts'),
  audit: () => import('./commands/audit.ts'),
  replay: () => import('./commands/replay.ts'),
  install: () => import('./commands/install.ts'),
  uninstall: () => import('./commands/uninstall.ts'),
  stream: () => import('./commands/stream.ts'),
  doctor: () => import('./commands/doctor.ts'),
  gateway: () => import('./commands/gateway.ts'),
  'control-plane': () => import('./commands/control-plane.ts'),
  context: () => import('./commands/context.ts'),
  gateways: () => import('./commands/gateways.ts'),
  route: () => import('./commands/route.ts'),
  parked: () => import('./commands/parked.ts'),
  held: () => import('./commands/held.ts'),
  events: () => import('./commands/events.ts'),
  lag: () => import('./commands/lag.ts'),
  kill: () => import('./commands/kill.ts'),
  shadow: () => import('./commands/shadow.ts'),
  status: () => import('./commands/status.ts'),
  pin: () => import('./commands/pin.ts'),
  identity: () => import('./commands/identity.ts'),
  observe: () => import('./commands/observe.ts'),
  outbox: () => import('./commands/outbox.ts'),
};

/** The program with those of its commands that the arguments may mean. */
export async function openProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('banyan')
    .description('A strangler-fig migration kit for monoliths on MySQL or MariaDB.')
    .version(version)
    .option('-c, --config <file>', 'the configuration', 'banyan.yaml')
    .showHelpAfterError()
    .exitOverride();
  for (const { register } of await commandsIn(args)) register(program);
  return program;
}

/** Runs the command that the arguments name. Sets the exit code: 0 done, 1 refused or failed, 2 called wrongly. */
export async function run(): Promise<void> {
  const program = await openProgram(process.argv.slice(2));
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has said what is wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    process.stderr.write(`banyan: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** The modules of the commands that the arguments may mean; all where they name none or begin with --help, which lists them. */
function commandsIn(args: readonly string[]) {
  const all = Object.entries(COMMANDS);
  const named = /^(-h|--help)$/.test(args[0] ?? '') ? [] : all.filter(([name]) => args.includes(name));
  return Promise.all((named.length > 0 ? named : all).map(([, load]) => load()));
}
