import { Argument, type Command } from 'commander';
import { TABLE_SETS, uninstall, uninstallText, type TableSet } from '../../control-plane/install/index.ts';
import { confirm } from '../confirm.ts';
import { databaseOfSet } from '../database-of-set.ts';

const LOSS: Record<TableSet, string> = {
  outbox: 'the outbox with its settled events; nothing can be appended any more',
  inbox: 'what the service has handled, and how far; it would handle all events of the stream again',
  control: 'the stages in force and the audit',
};

/** `banyan uninstall outbox|inbox|control [--database <url>] [--print] [--yes] [--force]` */
export function register(program: Command): void {
  program
    .command('uninstall')
    .description("drop a set of Banyan's tables, and nothing else")
    .addArgument(new Argument('<set>', 'which tables').choices(TABLE_SETS))
    .option(
      '-d, --database <url>',
      "mysql://user:password@host:port/database; the configuration's unless given",
    )
    .option('--print', 'print the SQL for a DBA, and change nothing')
    .option('-y, --yes', "don't ask")
    .option('--force', "don't ask, and throw away events that have not reached the stream")
    .action(
      async (
        set: TableSet,
        options: { database?: string; print?: boolean; yes?: boolean; force?: boolean },
      ) => {
        const { url, name } = databaseOfSet(set, options.database, program.opts<{ config: string }>().config);
        if (options.print) {
          process.stdout.write(uninstallText(set, name));
          return;
        }
        if (!options.yes && !options.force && !(await confirm(`This drops ${LOSS[set]}, in ${name}.`))) {
          process.stdout.write('nothing was dropped\n');
          return;
        }
        const { database, dropped } = await uninstall({ url, set, force: options.force ?? false });
        process.stdout.write(
          dropped.length === 0
            ? `${set}: nothing of it in ${database}\n`
            : `${set}: dropped ${dropped.join(', ')} in ${database}\n`,
        );
      },
    );
}
