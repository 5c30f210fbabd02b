import type { Command } from 'commander';
import { pauseType, readOverlaps, readPauseHistory, resumeType, type Registry } from '../../outbox/index.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { actorOf } from '../actor.ts';
import { printJson } from '../client-options.ts';
import { loadConfig } from '../load-config.ts';
import { loadTypes } from '../load-types.ts';
import { formatHistory, formatOverlaps, formatTypes } from '../types/format-types.ts';
import { listTypes } from '../types/list-types.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan types list|pause|resume|history|overlaps`: the event types, which of them wait, and which need numbers. */
export function register(program: Command): void {
  const types = program.command('types').description('see, pause and resume event types');

  types
    .command('list', { isDefault: true })
    .description('the declared types and the paused ones; exit code 1 when any is paused')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const found = await withOutbox(command, listTypes);
      if (json) printJson({ types: found });
      else process.stdout.write(formatTypes(found));
      if (found.some(({ paused }) => paused !== null)) process.exitCode = 1;
    });

  types
    .command('pause <type>')
    .description('send nothing of it from now on: its events wait, each with its key')
    .option('--reason <text>', 'why, for those who come after', 'by hand')
    .action(async (type: string, { reason }: { reason: string }, command: Command) => {
      const done = await withOutbox(command, (database) => pauseType(database, type, reason, actorOf()));
      process.stdout.write(
        done
          ? `type '${type}' is paused; relays see it within 2 s\n`
          : `type '${type}' was paused already; nothing changed\n`,
      );
    });

  types
    .command('resume <type>')
    .description('send it again: what waits goes on in its order')
    .action(async (type: string, _: object, command: Command) => {
      const { paused, resumed } = await withOutbox(command, (database) =>
        resumeType(database, type, actorOf()),
      );
      const keys = `${resumed} key${resumed === 1 ? '' : 's'} that waited`;
      if (!paused && resumed === 0)
        throw new Error(`type '${type}' is not paused, and nothing of it waits; see \`banyan types list\``);
      process.stdout.write(`type '${type}' goes on, with ${keys}\n`);
    });

  types
    .command('overlaps')
    .description('keys whose events were appended by overlapping transactions, without a lock or a number')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const overlaps = await withOutbox(command, (database) => readOverlaps(database, 100));
      if (json) printJson({ overlaps });
      else process.stdout.write(formatOverlaps(overlaps));
    });

  types
    .command('history')
    .description('who paused and resumed which type, when and why; the latest first')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const pauses = await withOutbox(command, (database) => readPauseHistory(database, 100));
      if (json) printJson({ pauses });
      else process.stdout.write(formatHistory(pauses));
    });
}

async function withOutbox<T>(
  command: Command,
  work: (database: Database, registry: Registry | undefined) => Promise<T>,
): Promise<T> {
  const file = command.optsWithGlobals<{ config: string }>().config;
  const config = loadConfig(file);
  if (!config.outbox) throw new UsageError(`${file} has no \`outbox:\`; types need \`outbox.database\``);
  const registry = await loadTypes(config, file);
  const database = openDatabase(config.outbox.database, { connections: 1 });
  try {
    return await work(database, registry);
  } finally {
    await database.end();
  }
}
