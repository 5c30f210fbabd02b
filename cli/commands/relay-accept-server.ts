import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import { acceptServer, readServer } from '../../relay/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan relay accept-server`: after a failover or a restore somebody has looked, and the relays go on from there. */
export function registerAcceptServer(relay: Command): void {
  relay
    .command('accept-server')
    .description(
      'let the relays go on from the server that the outbox is on now, after a failover or a restore',
    )
    .requiredOption('--reason <text>', 'why, for who asks later')
    .option('--by <name>', 'who accepts; user and host unless given')
    .action(async ({ reason, by }: { reason: string; by?: string }, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const { outbox } = loadConfig(file);
      if (!outbox) throw new UsageError(`${file} has no outbox.database: add it`);
      const database = openDatabase(outbox.database, { connections: 1 });
      try {
        const { server, readOnly, known } = await readServer(database);
        if (readOnly !== undefined)
          throw new Error(`${readOnly} on ${server}: nothing can be accepted there; required: the primary`);
        if (known?.server === server && known.stopped === null) {
          process.stdout.write(`the relays send from ${server} already; nothing changed\n`);
          return;
        }
        const who = by ?? `${userInfo().username}@${hostname()}`;
        await acceptServer(database, { server, by: who, reason });
        process.stdout.write(
          `accepted by ${who}: ${server}\n` +
            (known ? `before:      ${known.server}, last sign of a relay ${known.beatAt} UTC\n` : '') +
            'the relays go on at their next look, within a third of relay.lease\n',
        );
      } finally {
        await database.end();
      }
    });
}
