import { InvalidArgumentError, type Command } from 'commander';
import { findGaps, findKnown, readInboxAudit } from '../../consumer/operator/index.ts';
import { actorOf } from '../actor.ts';
import { printJson } from '../client-options.ts';
import { formatHeld, formatInboxAudit } from '../held/format-held.ts';
import { withInbox, withInboxOption } from '../held/open-inbox.ts';
import { passGaps } from '../held/pass.ts';
import { settleKnown } from '../held/settle.ts';
import { showHeld } from '../held/show-held.ts';
import { openMask } from '../parked/open-mask.ts';
import { UsageError } from '../usage-error.ts';

interface Named {
  readonly application?: string;
  readonly key?: string;
}

interface ActOptions {
  readonly reason: string;
  readonly actor?: string;
}

/** `banyan held list|show|pass|handle|skip|audit`: events of `ordered: sequence` aggregates that a consumer holds. */
export function register(program: Command): void {
  const held = program
    .command('held')
    .description(
      'events that a consumer holds by their numbers: which are missing, and what becomes of those parked',
    );

  withNames(withInboxOption(held.command('list')))
    .description(
      'keys that wait for missing numbers, and events that are parked since their key has passed their number',
    )
    .option('--limit <count>', 'rows to show of each', count, 100)
    .option('--json', 'print JSON')
    .action(({ limit, json, ...names }: Named & { limit: number; json?: boolean }, command: Command) =>
      withInbox(command, async (database) => {
        const gaps = await findGaps(database, names, limit);
        const known = await findKnown(database, names, limit);
        if (json) printJson({ gaps, known });
        else process.stdout.write(formatHeld(gaps, known));
      }),
    );

  withInboxOption(held.command('show <id>'))
    .description('one parked event, its data with personal fields masked')
    .action(async (id: string, _options: unknown, command: Command) => {
      if (!/^\d{1,20}$/.test(id)) throw new UsageError(`an id is a whole number, not ${id}`);
      const mask = await openMask(command);
      await withInbox(command, async (database) => {
        const text = await showHeld(database, id, mask);
        if (text === undefined) throw new Error(`no event ${id} is held; it may have been handled`);
        process.stdout.write(text);
      });
    });

  withActOptions(withNames(withInboxOption(held.command('pass'))))
    .description('let keys go on without the numbers that are missing before the first event held of them')
    .option('--all', 'all keys of the inbox')
    .option('-y, --yes', "don't ask, however many there are")
    .action((options: Named & ActOptions & { all?: boolean; yes?: boolean }, command: Command) => {
      const { application, key, all = false, yes = false } = options;
      const named = application !== undefined || key !== undefined;
      if (named === all) throw new UsageError('say --key, --application, or --all');
      return withInbox(command, async (database) => {
        process.exitCode = await passGaps(database, { application, key }, { author: author(options), yes });
      });
    });

  for (const how of ['handle', 'skip'] as const)
    withActOptions(withInboxOption(held.command(`${how} <ids...>`)))
      .description(
        how === 'handle'
          ? 'have the consumer handle parked events now, out of the order of their keys'
          : 'give parked events up: they are never handled',
      )
      .action((ids: string[], options: ActOptions, command: Command) =>
        withInbox(command, async (database) => {
          process.exitCode = await settleKnown(database, { ids, how }, author(options));
        }),
      );

  withInboxOption(held.command('audit'))
    .description(
      'who let which key go on, had which event handled or gave it up, when and why; the latest first',
    )
    .option('--limit <count>', 'entries to show', count, 100)
    .option('--json', 'print JSON')
    .action(({ limit, json }: { limit: number; json?: boolean }, command: Command) =>
      withInbox(command, async (database) => {
        const entries = await readInboxAudit(database, limit);
        if (json) printJson(entries);
        else process.stdout.write(formatInboxAudit(entries));
      }),
    );
}

function withNames(command: Command): Command {
  return command
    .option('--application <name>', "of this consumer's application")
    .option('--key <key>', 'of this key, such as order:7');
}

function withActOptions(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; the audit keeps it')
    .option('--actor <name>', 'who the audit names; user@host unless given');
}

function author({ actor, reason }: ActOptions) {
  return { actor: actorOf(actor), reason };
}

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Required: a whole number from 1 to 99999.');
}
