import { InvalidArgumentError, type Command } from 'commander';
import { findParked, readAudit } from '../../outbox/operator/index.ts';
import { actorOf } from '../actor.ts';
import { printJson } from '../client-options.ts';
import { loadConfig } from '../load-config.ts';
import { blastRadius } from '../parked/blast-radius.ts';
import { checkSelection, type Selection } from '../parked/choose.ts';
import { formatAudit, formatParked } from '../parked/format-parked.ts';
import { withDatabaseOption, withOutbox } from '../parked/open-outbox.ts';
import { JOB_FROM, jobFrom } from '../parked/job-from.ts';
import { openMask } from '../parked/open-mask.ts';
import { redriveParked } from '../parked/redrive.ts';
import { formatShown, readShown } from '../parked/show.ts';
import { skipParked } from '../parked/skip.ts';

interface ListOptions {
  readonly type?: string;
  readonly key?: string;
  readonly reason?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface ActOptions extends Omit<Selection, 'ids'> {
  readonly reason?: string;
  readonly actor?: string;
  readonly yes?: boolean;
  readonly job?: boolean;
}

/** Parked events that are read at most; the rest isn't counted. */
const MOST = 10_000;

/** `banyan parked list|show|skip|redrive|audit`: events that were not sent, and what becomes of them. */
export function register(program: Command): void {
  const parked = program
    .command('parked')
    .description('events that can not be sent: what waits behind them, sending them again, giving them up');

  withDatabaseOption(parked.command('list'))
    .description('parked events, why, and how many events wait behind them; and those that were skipped')
    .option('--type <type>', 'of this event type')
    .option('--key <key>', 'of this key, such as order:7')
    .option('--reason <text>', 'whose reason has this text in it')
    .option('--limit <count>', 'rows to show', count, 100)
    .option('--json', 'print JSON')
    .action(({ type, key, reason, limit, json }: ListOptions, command: Command) =>
      withOutbox(command, async (database) => {
        const filter = { type, reason, keys: key === undefined ? undefined : [key] };
        const events = await findParked(database, filter, MOST);
        const radius = await blastRadius(database, events);
        if (!json) return void process.stdout.write(formatParked(events, { radius, shown: limit }));
        const { keys, events: waiting, atLeast } = radius;
        printJson({
          ...{ parked: events.filter(({ state }) => state === 'parked').length, keys, waiting, atLeast },
          events: events.slice(0, limit).map((event) => ({
            ...event,
            waiting: event.state === 'parked' ? radius.waiting.get(event.key)!.events : 0,
          })),
        });
      }),
    );

  withDatabaseOption(parked.command('show <id>'))
    .description('one event with its data, personal fields masked, and the next ones of its key')
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: { json?: boolean }, command: Command) => {
      checkSelection({ ids: [id] }, 'show');
      const mask = await openMask(command);
      await withOutbox(command, async (database) => {
        const shown = await readShown(database, id, mask);
        if (!shown) throw new Error(`there is no event ${id} in the outbox; it may have been purged`);
        if (json) printJson(shown);
        else process.stdout.write(formatShown(shown));
      });
    });

  withActOptions(parked.command('redrive [ids...]'))
    .description('send parked events again, in the order of their keys; safe while relays run')
    .option('--all', 'all that is parked')
    .option('--reason <text>', 'why; the audit keeps it')
    .option(
      '--job',
      `let the relays do it, as a job; ${JOB_FROM} or more are unless \`redis\` is not configured`,
    )
    .option('--no-job', 'do it here, however many there are')
    .action((ids: string[], options: ActOptions, command: Command) => {
      const selection = { ...options, ids };
      checkSelection(selection, 'redrive');
      const from = jobFrom({ ids, job: options.job, runsJobs: () => runsJobs(command) });
      return act(command, options, (database, how) =>
        redriveParked(database, selection, { ...how, jobFrom: from }),
      );
    });

  withActOptions(parked.command('skip [ids...]'))
    .description('give parked events up: they never reach the stream, and their keys go on')
    .requiredOption('--reason <text>', 'why; the audit keeps it')
    .action((ids: string[], options: ActOptions, command: Command) => {
      const selection = { ...options, ids };
      checkSelection(selection, 'skip');
      return act(command, options, (database, how) => skipParked(database, selection, how));
    });

  withDatabaseOption(parked.command('audit'))
    .description('who redrove, gave up, skipped or erased which event, when and why; the latest first')
    .option('--key <key>', 'of this key')
    .option('--limit <count>', 'entries to show', count, 100)
    .option('--json', 'print JSON')
    .action(({ key, limit, json }: ListOptions, command: Command) =>
      withOutbox(command, async (database) => {
        const entries = await readAudit(database, { key, limit });
        if (json) printJson(entries);
        else process.stdout.write(formatAudit(entries));
      }),
    );
}

/** Whether relays run jobs for the outbox that is meant; of one that was named nobody knows. */
function runsJobs(command: Command): boolean {
  const { config, database } = command.optsWithGlobals<{ config: string; database?: string }>();
  return database === undefined && loadConfig(config).redis !== undefined;
}

function withActOptions(command: Command): Command {
  return withDatabaseOption(command)
    .option('--type <type>', 'all parked events of this type')
    .option('--key <key>', 'all parked events of this key, such as order:7')
    .option('--actor <name>', 'who the audit names; user@host unless given')
    .option('-y, --yes', "don't ask, however many there are");
}

type Act = Parameters<typeof skipParked>;

function act(
  command: Command,
  { reason, actor, yes = false }: ActOptions,
  work: (database: Act[0], how: Act[2]) => Promise<number>,
): Promise<void> {
  return withOutbox(command, async (database) => {
    process.exitCode = await work(database, { author: { actor: actorOf(actor), reason }, yes });
  });
}

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Required: a whole number from 1 to 99999.');
}
