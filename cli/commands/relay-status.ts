import type { Command } from 'commander';
import { forgetRelay, readOwnership } from '../../relay/index.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { printJson } from '../client-options.ts';
import { loadConfig } from '../load-config.ts';
import { ownershipTable } from '../ownership-table.ts';
import { UsageError } from '../usage-error.ts';

type Times = ReturnType<typeof loadConfig>['relay'];

/** `banyan relay status`, `banyan relay forget`: who owns which buckets, from the outbox's database alone. */
export function registerStatus(relay: Command): void {
  relay
    .command('status')
    .description(
      'tell which relay owns which buckets, and what it has in hand; exit code 1 when a bucket has no owner for longer than lease and requestTimeout, or a relay is silent',
    )
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }, command: Command) => {
      await withOutbox(command, async (database, times) => {
        const found = await readOwnership(database, times);
        if (json) printJson(found);
        else process.stdout.write(ownershipTable(found));
        process.exitCode = found.problems.length > 0 ? 1 : 0;
      });
    });
  relay
    .command('forget <name>')
    .description(
      'take a relay that was killed out of `banyan lag` and the metrics, by its full name or the part before ~; one that is silent for an hour is forgotten by the next relay',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      await withOutbox(command, async (database, { lease }) => {
        const gone = await forgetRelay(database, name, lease);
        if (gone === 0)
          throw new Error(
            `no relay '${name}' was forgotten: none of that name has been silent for ${lease / 1_000} s; \`banyan relay status\` lists them`,
          );
        process.stdout.write(`forgotten: ${gone} ${gone === 1 ? 'relay' : 'relays'} named ${name}\n`);
      });
    });
}

async function withOutbox(
  command: Command,
  work: (database: Database, times: Times) => Promise<void>,
): Promise<void> {
  const file = command.optsWithGlobals<{ config: string }>().config;
  const { outbox, relay } = loadConfig(file);
  if (!outbox) throw new UsageError(`${file} has no outbox.database: add it`);
  const database = openDatabase(outbox.database, { connections: 3 });
  try {
    await work(database, relay);
  } finally {
    await database.end();
  }
}
