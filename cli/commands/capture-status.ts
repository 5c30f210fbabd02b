import type { Command } from 'commander';
import { readBackfillDue } from '../../control-plane/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';
import { formatBackfill } from '../format-backfill.ts';
import { formatTable } from '../format-table.ts';
import { printJson } from '../client-options.ts';

/** `banyan capture status`: captures that were stopped at the outbox's budget. Exit code 1 when there is one. */
export function registerCaptureStatus(capture: Command): void {
  capture
    .command('status')
    .description('captures that were stopped at the budget of the outbox; exit code 1 if there is one')
    .option('--json', 'the same as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const { outbox } = loadConfig(file);
      if (!outbox) throw new UsageError(`${file} has no outbox.database: add it`);
      const database = openDatabase(outbox.database, { connections: 1 });
      try {
        const due = await readBackfillDue(database);
        if (json) printJson({ backfillDue: due });
        else if (due.length === 0) process.stdout.write('no capture was stopped; none needs a backfill\n');
        else
          process.stdout.write(
            `${formatTable(
              ['capture', 'context', 'stopped (UTC)'],
              due.map(({ capture: name, context, stoppedAt }) => [name, context ?? '–', stoppedAt]),
            )}\nwhat was written to their tables since is in no event\n\n${due
              .flatMap(formatBackfill)
              .map((line) => `${line}\n`)
              .join('')}`,
          );
        process.exitCode = due.length === 0 ? 0 : 1;
      } finally {
        await database.end();
      }
    });
}
