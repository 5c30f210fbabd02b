import { InvalidArgumentError, type Command } from 'commander';
import { actorOf } from '../actor.ts';
import { askFleet, type Fleetwide } from '../kill/ask-fleet.ts';
import { fleetOf } from '../fleet/fleet.ts';
import { exitCodeOf, formatList, formatOrder, summaryOf } from '../kill/report.ts';
import { opsAddresses } from '../ops-option.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly config: string;
  readonly all?: boolean;
  readonly release?: boolean;
  readonly list?: boolean;
  readonly acceptLoss?: boolean;
  readonly holdWrites?: boolean;
  readonly reason?: string;
  readonly ops?: readonly string[];
  readonly timeout: number;
  readonly admin?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** `banyan kill inventory`, its `--release` and `--list`. It needs the gateways' ops ports and nothing else. */
export function register(program: Command): void {
  program
    .command('kill [contexts...]')
    .description(
      'send the reads of contexts back to the monolith at once, without the store; --release ends it',
    )
    .option('--all', 'all contexts')
    .option('--release', 'let the stages decide again')
    .option('--list', 'show what is killed on which gateway')
    .option('--accept-loss', 'where the writes have moved: let reads miss what was written since')
    .option('--hold-writes', 'where the writes have moved: answer them 503 until the release')
    .option('--reason <text>', 'why; the audit keeps it')
    .option(
      '--ops <addresses>',
      "the gateways' ops ports, by commas or repeated; gateway.fleet, else gateway.ops unless given",
      opsAddresses,
    )
    .option('--timeout <seconds>', 'how long a gateway may take to answer', seconds, 2)
    .option(
      '--admin <url>',
      'the admin API, asked who else is registered; BANYAN_ADMIN, else control.admin unless given',
    )
    .option(
      '--token <token>',
      "a bearer token for it; BANYAN_TOKEN, else this host's token file unless given",
    )
    .option('--json', 'print JSON')
    .action(async (contexts: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      checkUse(contexts, options);
      const fleet = fleetOf({ ...options, ops: options.ops ?? [] });
      const timeout = options.timeout * 1_000;
      if (options.list) {
        return report(options, await askFleet(fleet, { path: '/kill' }, timeout), formatList, 'list');
      }
      const action = options.release ? 'release' : 'kill';
      const body = {
        contexts: options.all ? '*' : contexts,
        by: actorOf(),
        ...(options.reason === undefined ? {} : { reason: options.reason.slice(0, 1_000) }),
        ...(options.acceptLoss ? { consent: 'accept-loss' } : {}),
        ...(options.holdWrites ? { consent: 'hold-writes' } : {}),
      };
      const path = action === 'kill' ? '/kill' : '/kill/release';
      report(options, await askFleet(fleet, { path, body }, timeout), formatOrder(action), action);
    });
}

function report(
  { json }: Options,
  found: Fleetwide,
  format: (found: Fleetwide) => string,
  action: 'kill' | 'release' | 'list',
): void {
  const text = json
    ? `${JSON.stringify({ action, ...summaryOf(found), ...found }, undefined, 2)}\n`
    : format(found);
  process.stdout.write(text);
  process.exitCode = exitCodeOf(found);
}

function checkUse(contexts: readonly string[], options: Options): void {
  const { all, release, list, acceptLoss, holdWrites } = options;
  const consent = acceptLoss || holdWrites;
  if (list && (release || all || consent || contexts.length > 0))
    throw new UsageError('--list shows all contexts of all gateways; it takes none, and changes nothing');
  if (list) return;
  if (all && contexts.length > 0)
    throw new UsageError(`--all is every context; name either that or ${contexts.join(', ')}`);
  if (!all && contexts.length === 0)
    throw new UsageError('no context is named; name one, such as `banyan kill inventory`, or say --all');
  if (acceptLoss && holdWrites)
    throw new UsageError('--accept-loss and --hold-writes exclude each other: writes go on, or are held');
  if (release && consent)
    throw new UsageError(
      '--release lets the stages decide again; --accept-loss and --hold-writes belong to a kill',
    );
}

function seconds(text: string): number {
  const value = Number(text.replace(/ ?s$/, '').trim() || Number.NaN);
  if (!(value > 0 && value <= 60))
    throw new InvalidArgumentError('Seconds above 0 and up to 60 are required.');
  return value;
}
