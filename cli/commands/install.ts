import { existsSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { install, installText, TABLE_SETS, type TableSet } from '../../control-plane/install/index.ts';
import { databaseOfSet } from '../database-of-set.ts';
import { loadConfig } from '../load-config.ts';

/** `banyan install outbox|inbox|control [--database <url>] [--print]` */
export function register(program: Command): void {
  program
    .command('install')
    .description("create a set of Banyan's tables in a database that may have tables of its own")
    .addArgument(new Argument('<set>', 'which tables').choices(TABLE_SETS))
    .option(
      '-d, --database <url>',
      "mysql://user:password@host:port/database; the configuration's unless given",
    )
    .option('--print', 'print the SQL and the least rights for a DBA, and change nothing')
    .action(async (set: TableSet, options: { database?: string; print?: boolean }) => {
      const { config: file } = program.opts<{ config: string }>();
      const { url, name } = databaseOfSet(set, options.database, file);
      if (options.print) {
        process.stdout.write(installText(set, name, existsSync(file) ? stoppedTables(file) : []));
        return;
      }
      const { database, applied } = await install({ url, set });
      process.stdout.write(
        applied.length === 0
          ? `${set}: all there in ${database}, nothing to do\n`
          : `${set}: applied ${applied.join(', ')} in ${database}\n` +
              `The rights that its users need: banyan install ${set} --print\n`,
      );
    });
}

/** The captured tables whose triggers the control plane removes at the budget, by the configuration. */
function stoppedTables(file: string): string[] {
  const { outbox, captures } = loadConfig(file);
  return outbox?.budget.atBudget === 'stopCapture' ? Object.values(captures).map(({ table }) => table) : [];
}
