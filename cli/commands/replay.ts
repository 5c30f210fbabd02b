import { InvalidArgumentError, type Command } from 'commander';
import type { Config } from '../../contexts/index.ts';
import { readOwnership as ownershipOf } from '../../outbox/index.ts';
import { askForReplay, cancelOrder, countRange, readReplays, type Replay } from '../../relay/index.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { actorOf } from '../actor.ts';
import { checkStream } from '../check-stream.ts';
import { formatTable, printJson } from '../client-options.ts';
import { loadConfig } from '../load-config.ts';
import { orderName } from '../order-name.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly context?: string;
  readonly type?: string[];
  readonly from?: number;
  readonly to?: number;
  readonly key?: string;
  readonly stream?: string;
  readonly rate: number;
  readonly dryRun?: boolean;
  readonly actor?: string;
  readonly list?: boolean;
  readonly cancel?: string;
  readonly json?: boolean;
}

/** `banyan replay`: asks for published events to be sent again, to the handlers that subscribed to replays. */
export function register(program: Command): void {
  program
    .command('replay')
    .description(
      'send published events again, to handlers that subscribed to replays; needs a relay with Redis',
    )
    .option('--context <name>', 'of this context, by its `events` and captures')
    .option('--type <type...>', 'of these event types alone')
    .option('--from <time>', 'appended at this time or later: 2026-11-01 or 2026-11-01T09:30:00Z', time)
    .option('--to <time>', 'and before this one; now unless given', time)
    .option('--key <key>', 'of one aggregate alone, as type:id')
    .option('--stream <name>', "into this stream of the configuration; each event's own unless given")
    .option('--rate <events>', 'events a second, at most', rate, 200)
    .option('--dry-run', 'say how many events it would send, and do nothing')
    .option('--actor <name>', 'who asks; user@host unless given')
    .option('--list', 'tell the replays that were asked for')
    .option('--cancel <replay>', 'append nothing more of a replay')
    .option('--json', 'print JSON')
    .action(async (options: Options, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const config = loadConfig(file);
      if (!config.outbox) throw new UsageError(`${file}: a replay needs outbox.database; add it`);
      const database = openDatabase(config.outbox.database, { connections: 2 });
      try {
        if (options.list) return list(await readReplays(database), options);
        if (options.cancel !== undefined)
          return await cancel(database, options.cancel, actorOf(options.actor));
        await ask(database, config, options);
      } finally {
        await database.end();
      }
    });
}

async function ask(database: Database, config: Config, options: Options): Promise<void> {
  const { from, to = Date.now(), key, stream, rate: most, json } = options;
  if (from === undefined)
    throw new UsageError('replay needs --from, the time of the first event to send again');
  if (to <= from) throw new UsageError('--to must be later than --from');
  checkStream(config, stream);
  const range = { from, to: Math.min(to, Date.now()), key };
  const what = { types: typesOf(config, options), ...range, stream, rate: most };
  const { total, rowsSince } = await countRange(database, what);
  const replay = orderName('replay');
  const asked = !options.dryRun && total > 0;
  if (asked) await askForReplay(database, { replay, what, askedBy: actorOf(options.actor), total });
  if (json) return printJson({ replay: asked ? replay : null, total, rowsSince, ...what });
  const since = rowsSince === null ? 'the outbox is empty' : `the outbox has rows since ${rowsSince}`;
  if (rowsSince === null || Date.parse(rowsSince) > from)
    process.stdout.write(
      `! ${since}: what was appended before is purged, or never was, and is not sent again\n`,
    );
  const given = (await ownershipOf(database)).filter(({ state }) => state === 'given');
  for (const { aggregateType, peer } of given)
    process.stdout.write(
      `! aggregate type '${aggregateType}' is given to ${peer}: what is replayed of it is parked here\n`,
    );
  process.stdout.write(
    asked
      ? `${replay}: ${total} events are sent again; see banyan replay --list\n`
      : `${total} events would be sent again\n`,
  );
}

/** The types that the options name; a context has those of its `events` and of its captures. */
function typesOf(config: Config, { context, type }: Options): readonly string[] {
  if (context === undefined) {
    if (type) return type;
    throw new UsageError('replay needs --context or --type, or both');
  }
  const found = config.contexts[context];
  if (!found)
    throw new UsageError(
      `there is no context '${context}'; there are ${Object.keys(config.contexts).join(', ')}`,
    );
  const captured = Object.entries(config.captures)
    .filter(([, capture]) => capture.context === context)
    .flatMap(([name]) => ['insert', 'update', 'delete'].map((op) => `row.${name}.${op}`));
  const own = [...found.events, ...captured];
  const foreign = (type ?? []).filter((one) => !own.includes(one));
  if (foreign.length > 0)
    throw new UsageError(
      `${foreign.join(', ')}: not of context '${context}', which has ${own.join(', ') || 'no events'}`,
    );
  if (own.length === 0)
    throw new UsageError(`context '${context}' has no events: name them in its \`events\``);
  return type ?? own;
}

async function cancel(database: Database, replay: string, actor: string): Promise<void> {
  if (!(await cancelOrder(database, { job: 'replay', id: replay }, { actor })))
    throw new Error(`there is no replay '${replay}' that is waiting or active; see banyan replay --list`);
  process.stdout.write(`${replay}: nothing more of it is appended; what was is sent\n`);
}

function list(replays: readonly Replay[], { json }: Options): void {
  if (json) return printJson({ replays });
  process.stdout.write(
    formatTable(
      ['replay', 'state', 'progress', 'asked by', 'asked at', 'into', ''],
      replays.map(({ replay, what, state, done, total, askedBy, askedAt, note }) => [
        ...[replay, state, `${done} of ${total}`, askedBy, askedAt.slice(0, 19)],
        ...[what.stream ?? '–', note ?? ''],
      ]),
    ),
  );
}

function time(text: string): number {
  const at = /^\d{4}-\d\d-\d\d(T\S+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      'Required: a day such as 2026-11-01 (UTC), or a time with its zone such as 2026-11-01T09:30:00Z.',
    );
  return at;
}

function rate(text: string): number {
  const events = Number(text);
  if (!/^\d{1,6}$/.test(text) || events === 0)
    throw new InvalidArgumentError('Required: a whole number from 1 to 999999.');
  return events;
}
