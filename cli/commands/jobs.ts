import type { Command } from 'commander';
import {
  cancelOrder,
  JOBS,
  JobsUnknown,
  readJobs,
  readOrders,
  type JobState,
  type Order,
} from '../../relay/index.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { actorOf } from '../actor.ts';
import { printJson } from '../client-options.ts';
import { formatAge } from '../format-age.ts';
import { formatFigures } from '../format-figures.ts';
import { formatTable } from '../format-table.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
}

/** `banyan jobs list|show|cancel`: what runs beside the events' way. Exit code 1 when a job fails or nobody knows. */
export function register(program: Command): void {
  const jobs = program.command('jobs').description('see the jobs of the outbox, which run in the relays');

  jobs
    .command('list', { isDefault: true })
    .description('every job, and the replays and redrives that they were asked for')
    .option('--json', 'print JSON')
    .action((_: Options, command: Command) =>
      withJobs(command, async ({ database, read, json }) => {
        const states = await read().catch(async (error: unknown) => {
          // The orders stand in the database, and are to be seen without Redis.
          const known = await readOrders(database).catch(() => []);
          if (json) printJson({ jobs: null, orders: known });
          else if (known.length > 0) process.stdout.write(orderTable(known));
          throw error;
        });
        const orders = await readOrders(database);
        if (json) printJson({ jobs: states, orders });
        else process.stdout.write(table(states) + (orders.length > 0 ? `\n${orderTable(orders)}` : ''));
        if (states.some(isBad)) process.exitCode = 1;
      }),
    );

  jobs
    .command('show <id>')
    .description('one job, or one replay or redrive')
    .option('--json', 'print JSON')
    .action((id: string, _: Options, command: Command) =>
      withJobs(command, async ({ database, read, json }) => {
        const order = (await ordersIfAsked(database, id)).find((one) => one.id === id);
        if (order) return json ? printJson(order) : void process.stdout.write(orderTable([order]));
        const states = await read();
        const found = states.find((job) => job.id === id);
        if (!found)
          throw new Error(`there is no job '${id}'; there are ${states.map((job) => job.id).join(', ')}`);
        if (json) printJson(found);
        else process.stdout.write(details(found));
        if (isBad(found)) process.exitCode = 1;
      }),
    );

  jobs
    .command('cancel <id>')
    .description('do nothing more of a replay or a redrive; what was done stays done, and is sent')
    .option('--reason <text>', 'why; the audit keeps it')
    .option('--actor <name>', 'who the audit names; user@host unless given')
    .action((id: string, { reason, actor }: CancelOptions, command: Command) =>
      withJobs(command, async ({ database }) => {
        if ((JOBS as readonly string[]).includes(id))
          throw new UsageError(
            `'${id}' runs by itself, and is not cancelled; a replay or a redrive is, by its id as \`banyan jobs\` shows it`,
          );
        const order = (await readOrders(database)).find((one) => one.id === id);
        const author = { actor: actorOf(actor), reason };
        if (!order || !(await cancelOrder(database, order, author)))
          throw new Error(`there is no replay or redrive '${id}' that is waiting or active; see banyan jobs`);
        process.stdout.write(`${id}: nothing more of it is done; what was done stays done, and is sent\n`);
      }),
    );
}

interface CancelOptions {
  readonly reason?: string;
  readonly actor?: string;
}

interface JobsPlace {
  readonly database: Database;
  readonly json: boolean;
  /** The jobs' state; needs Redis. */
  read(): Promise<JobState[]>;
}

async function withJobs(command: Command, work: (place: JobsPlace) => Promise<void>): Promise<void> {
  const { config: file, json = false } = command.optsWithGlobals<Options>();
  const { outbox, redis } = loadConfig(file);
  const missing = [...(outbox ? [] : ['outbox.database']), ...(redis === undefined ? ['redis'] : [])];
  if (!outbox || redis === undefined)
    throw new UsageError(`${file}: jobs need ${missing.join(' and ')}; without it none run`);
  const database = openDatabase(outbox.database, { connections: 1 });
  try {
    await work({ database, json, read: () => readJobs({ database, redis }) });
  } catch (error) {
    if (error instanceof JobsUnknown) throw new Error(error.message, { cause: error });
    throw error;
  } finally {
    await database.end();
  }
}

/** A job's name is no order's, and asks the database for none. */
async function ordersIfAsked(database: Database, id: string): Promise<Order[]> {
  return /^(replay|redrive)-/.test(id) ? readOrders(database) : [];
}

function orderTable(orders: readonly Order[]): string {
  return formatTable(
    ['id', 'state', 'progress', 'asked by', 'asked at', ''],
    orders.map(({ id, state, done, total, askedBy, askedAt, note }) => [
      ...[id, state, `${done} of ${total}`, askedBy, `${askedAt.slice(0, 19)}Z`, note ?? ''],
    ]),
  );
}

/** A run is overdue when no relay with Redis has taken it for so long. Milliseconds. */
const OVERDUE_AFTER = 30_000;

function overdue({ state, nextRun }: JobState): number {
  return state === 'active' || nextRun === null ? 0 : Date.now() - Date.parse(nextRun);
}

function isBad(job: JobState): boolean {
  return job.state === 'failing' || job.state === 'never' || overdue(job) > OVERDUE_AFTER;
}

const HEADS = ['id', 'state', 'progress', 'since', 'last run', 'next run'];

function table(states: readonly JobState[]): string {
  return formatTable(
    HEADS,
    states.map((job) => [job.id, job.state, formatFigures(job.progress), since(job), last(job), next(job)]),
  );
}

function details(job: JobState): string {
  const rows = [
    ['state', job.state],
    ['progress', formatFigures(job.progress)],
    ['since', job.since ?? '–'],
    ['last run', job.last === null ? '–' : `${job.last.at}, took ${formatAge(job.last.took)}: ${last(job)}`],
    ['next run', next(job)],
  ] as const;
  return formatTable([job.id, ''], rows);
}

function since({ since: at }: JobState): string {
  return at === null ? '–' : `${formatAge(Math.max(0, Date.now() - Date.parse(at)))} ago`;
}

function last({ last: run }: JobState): string {
  if (run === null) return '–';
  const ago = `${formatAge(Math.max(0, Date.now() - Date.parse(run.at)))} ago`;
  return run.failed === undefined
    ? `${formatFigures(run.result!)} (${ago})`
    : `failed: ${run.failed} (${ago})`;
}

function next(job: JobState): string {
  if (job.nextRun === null) return job.state === 'never' ? 'no relay runs jobs' : '–';
  const late = overdue(job);
  if (late > OVERDUE_AFTER) return `overdue for ${formatAge(late)}: no relay runs jobs`;
  return job.state === 'active' || late > 0 ? 'now' : `in ${formatAge(-late)}`;
}
