import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { isSequenced, loadRegistry } from '../../outbox/index.ts';
import { countEvents, eraseEvents, type EventsOfKey } from '../../outbox/operator/index.ts';
import { actorOf } from '../actor.ts';
import { printJson } from '../client-options.ts';
import { confirm } from '../confirm.ts';
import { databaseOfSet } from '../database-of-set.ts';
import { eraseExamples } from '../erase/erase-examples.ts';
import { askInboxes, eraseInboxes, type InboxOfKey } from '../erase/erase-inboxes.ts';
import { formatErased, isComplete } from '../erase/format-erased.ts';
import { fleetOf } from '../fleet/fleet.ts';
import { loadConfig } from '../load-config.ts';
import { opsAddresses } from '../ops-option.ts';
import { withDatabaseOption, withOutbox } from '../parked/open-outbox.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly config: string;
  readonly key: string;
  readonly pending?: boolean;
  readonly reason?: string;
  readonly actor?: string;
  readonly ops?: readonly string[];
  readonly examplesOf?: readonly string[];
  readonly inbox?: readonly string[];
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Milliseconds that a gateway, or Kinesis, may take to answer. */
const PATIENCE = 5_000;

/** `banyan events erase --key customer:42`: what Banyan itself keeps of one key. Exit code 1 unless all of it is erased. */
export function register(program: Command): void {
  const events = program.command('events').description('what the outbox holds, event by event');

  withDatabaseOption(events.command('erase'))
    .description(
      'overwrite the data of all events of a key, also of those that consumers hold, forget stored examples, and say what stays in the stream until when',
    )
    .requiredOption('--key <key>', 'aggregate type and id, such as customer:42')
    .option('--pending', 'also events that have not been sent: they never will be')
    .option('--reason <text>', 'why; the audit keeps it')
    .option('--actor <name>', 'who the audit names; user@host unless given')
    .option(
      '--ops <addresses>',
      "the gateways' ops ports, by commas or repeated; gateway.fleet, else gateway.ops unless given",
      opsAddresses,
    )
    .option(
      '--examples-of <context>',
      'forget the stored examples of this context alone; of all contexts unless given; may be repeated',
      (context: string, before: readonly string[] = []) => [...before, context],
    )
    .option(
      '--inbox <url>',
      "mysql://user:password@host:port/database of an extracted service's inbox, whose held events are erased, too; may be repeated",
      (url: string, before: readonly string[] = []) => [...before, url],
    )
    .option('-y, --yes', "don't ask")
    .option('--json', 'print JSON')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { key, reason } = options;
      if (!/^[^:]+:./.test(key))
        throw new UsageError(`--key is '${key}'; required: an aggregate's type and id, such as customer:42`);
      const config = loadConfig(options.config);
      const { contexts, registry } = config;
      const unknown = options.examplesOf?.find((name) => !Object.hasOwn(contexts, name));
      if (unknown !== undefined)
        throw new UsageError(
          `--examples-of is '${unknown}'; required: a context of ${options.config}: ${Object.keys(contexts).join(', ') || 'there is none'}`,
        );
      const urls = (options.inbox ?? []).map((url) => databaseOfSet('inbox', url, options.config).url);
      const numbered = isSequenced(
        await loadRegistry(registry, dirname(resolve(options.config))),
        key.slice(0, key.indexOf(':')),
      );
      const { ops } = fleetOf({ config: options.config, ops: options.ops ?? [] });
      await withOutbox(command, async (database) => {
        const before = await countEvents(database, key);
        if (before.pending > 0 && !options.pending)
          throw new Error(
            `nothing was changed: ${before.pending} of the events of ${key} have not been sent. Let them be sent first (\`banyan lag\`), or say --pending: then they are erased and never sent`,
          );
        const asked = await askInboxes(urls, key);
        if (
          !options.yes &&
          !(await confirm(questionOf(key, before, { gateways: ops.length, of: options.examplesOf }, asked)))
        ) {
          process.stdout.write('nothing was changed\n');
          process.exitCode = 1;
          return;
        }
        // Loads the AWS SDK, which takes a while: only once there is something to say.
        const { sentInto, untilWhen } = await import('../erase/streams-of-key.ts');
        const sent = await sentInto(database, key, config);
        const author = { actor: actorOf(options.actor), reason };
        const outbox = await eraseEvents(
          database,
          { key, bucket: before.bucket, pending: options.pending ?? false },
          author,
        );
        const [gateways, inboxes, streams] = await Promise.all([
          eraseExamples(ops, options.examplesOf, PATIENCE),
          eraseInboxes(urls, key, author),
          untilWhen(sent, config, PATIENCE),
        ]);
        const told = asked.flatMap((one) => ('held' in one ? one.held.applications : []));
        const consumers = Object.values(contexts).flatMap(({ consumer }) => consumer ?? []);
        const notAsked = [...new Set(consumers)].filter((name) => !told.includes(name));
        const inbox = { inboxes, notAsked, numbered };
        const { examplesOf } = options;
        const erased = { key, before, outbox, gateways, examplesOf, ...inbox, streams };
        if (options.json) printJson({ complete: isComplete(erased), ...erased });
        else process.stdout.write(formatErased(erased));
        process.exitCode = isComplete(erased) ? 0 : 1;
      });
    });
}

function questionOf(
  key: string,
  { settled, erased, parked, pending }: EventsOfKey,
  { gateways, of }: { readonly gateways: number; readonly of: readonly string[] | undefined },
  inboxes: readonly InboxOfKey[],
): string {
  const held = inboxes.reduce(
    (sum, one) => sum + ('held' in one ? one.held.waiting + one.held.parked : 0),
    0,
  );
  const unsent = pending + parked;
  return (
    `This overwrites the data of ${settled - erased} sent and ${unsent} unsent events of ${key}` +
    `${unsent > 0 ? ', which will never be sent' : ''}` +
    `${held > 0 ? ` and of ${held} that consumers hold, which will never be handled` : ''}, and has ${gateways} ${gateways === 1 ? 'gateway' : 'gateways'} forget the stored examples of ${of ? of.join(', ') : 'all contexts'}. It can't be undone.`
  );
}
