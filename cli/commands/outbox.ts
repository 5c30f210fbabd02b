import type { Command } from 'commander';
import { milliseconds } from '../../contexts/index.ts';
import { moveOwnership, readOwnership, type OutboxPlace } from '../../outbox/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { databaseOfSet } from '../database-of-set.ts';
import { formatTable } from '../format-table.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan outbox move|ownership`: whose an aggregate type's events are, where two outboxes share a stream. */
export function register(program: Command): void {
  const outbox = program
    .command('outbox')
    .description("move aggregate types between a monolith's outbox and an extracted service's");
  const configFile = () => program.opts<{ config: string }>().config;

  outbox
    .command('move')
    .argument('<aggregate...>', 'aggregate types, order say')
    .description(
      'move their events to another outbox of the same stream, with the order of each key kept; called again it goes on',
    )
    .requiredOption('--to <url>', 'the database of the outbox that sends them from now on')
    .option('--from <url>', 'the database of the outbox that has sent them; outbox.database unless given')
    .option('--timeout <time>', 'how long to wait for what is not acknowledged and for relays', '5m')
    .action(async (aggregateTypes: string[], options: { to: string; from?: string; timeout: string }) => {
      refuseMistakes(aggregateTypes);
      const timeout = milliseconds(options.timeout);
      if (timeout === undefined)
        throw new UsageError(`--timeout is '${options.timeout}', required: a time such as 90s or 5m`);
      const places = {
        from: databaseOfSet('outbox', options.from, configFile()),
        to: databaseOfSet('outbox', options.to, configFile()),
      };
      if (nameOf(places.from.url) === nameOf(places.to.url))
        throw new UsageError(`both outboxes are ${nameOf(places.to.url)}; required: two databases`);
      const [from, to] = [place(places.from.url), place(places.to.url)];
      const signal = AbortSignal.any([shutdownSignal(), AbortSignal.timeout(timeout)]);
      try {
        await moveOwnership({ aggregateTypes, from, to, signal, onStep: say });
      } finally {
        await Promise.all([from.database.end(), to.database.end()]);
      }
    });

  outbox
    .command('ownership')
    .description("list the aggregate types that are not simply this outbox's own")
    .option('--database <url>', 'the database of the outbox; outbox.database unless given')
    .option('--json', 'as JSON')
    .action(async ({ database: given, json }: { database?: string; json?: boolean }) => {
      const { database, name } = place(databaseOfSet('outbox', given, configFile()).url);
      try {
        const found = await readOwnership(database);
        if (json) return say(JSON.stringify(found));
        if (found.length === 0) return say(`all aggregate types are ${name}'s own`);
        const rows = found.map(({ aggregateType, state, peer, since }) => [
          aggregateType,
          state,
          peer,
          since,
        ]);
        process.stdout.write(formatTable(['AGGREGATE', 'STATE', 'OTHER OUTBOX', 'SINCE (UTC)'], rows));
      } finally {
        await database.end();
      }
    });
}

function refuseMistakes(aggregateTypes: readonly string[]): void {
  const wrong = aggregateTypes.filter((type) => !/^[^:]{1,64}$/u.test(type));
  if (wrong.length > 0)
    throw new UsageError(
      `${wrong.map((type) => `'${type}'`).join(', ')}: required are aggregate types, 1 to 64 characters without ':'`,
    );
}

function place(url: string): OutboxPlace {
  return { database: openDatabase(url), name: nameOf(url) };
}

/** Without user and password. */
function nameOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 3306}${pathname}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
