import { InvalidArgumentError, Option, type Command } from 'commander';
import { bytesOf, milliseconds } from '../../contexts/index.ts';
import { LIST_PRICES, planStream, readPrices, type Load, type StreamPlan } from '../../relay/index.ts';
import { printJson } from '../client-options.ts';
import { formatTable } from '../format-table.ts';
import { UsageError } from '../usage-error.ts';

interface Options extends Load {
  readonly prices?: string;
  readonly json?: boolean;
}

/** `banyan stream plan|prices`: what a stream for a load needs and costs. It asks nobody. */
export function register(program: Command): void {
  const stream = program.command('stream').description('plan a Kinesis stream: shards and cost');
  const option = (flags: string, text: string, parse: (text: string) => number) =>
    new Option(flags, text).argParser(parse);
  stream
    .command('plan')
    .description('shards and monthly cost of a load: provisioned and on-demand, unpacked and packed')
    .addOption(option('--rate <events>', 'events a second at the peak', above0).makeOptionMandatory())
    .addOption(option('--size <bytes>', 'of an event with its envelope: 1.2KiB', size).makeOptionMandatory())
    .addOption(option('--keys <number>', 'keys that the events are spread over', above0).default(1_000))
    .addOption(option('--round-trip <time>', 'until Kinesis acknowledges', duration).default(50, '50ms'))
    .addOption(option('--consumers <number>', 'applications that read all of it', above0).default(1))
    .addOption(option('--use <share>', 'of a shard that is planned with', share).default(0.75))
    .option('--prices <file>', 'a table of prices, YAML or JSON, as `banyan stream prices` prints it')
    .option('--json', 'the plans as JSON')
    .action(({ prices: file, json, ...load }: Options) => {
      const prices = file === undefined ? LIST_PRICES : pricesOf(file);
      const plans = planStream(load, prices);
      if (json) return printJson({ load, prices, plans });
      process.stdout.write(
        `${planText(plans, `${prices.currency}/month`)}\nprices of ${prices.region}, ${prices.date} (${prices.source}), month of ${prices.hoursPerMonth} h at the full rate\n`,
      );
    });
  stream
    .command('prices')
    .description('print the table of prices, to be changed and given to plan')
    .action(() => printJson(LIST_PRICES));
}

function planText(plans: readonly StreamPlan[], cost: string): string {
  const heads = ['mode', 'packing', 'events/record', 'records/s', 'MiB/s', 'shards', cost];
  const table = formatTable(
    heads,
    plans.map(({ mode, packing, eventsPerRecord, recordsPerSecond, bytesPerSecond, shards, monthly }) => [
      mode,
      packing,
      eventsPerRecord.toFixed(1),
      String(Math.ceil(recordsPerSecond)),
      (bytesPerSecond / 1_048_576).toFixed(2),
      mode === 'provisioned' ? String(shards) : `(${shards})`,
      monthly.toFixed(2),
    ]),
  );
  const notes = plans.flatMap(({ mode, packing, notes: found }) =>
    found.map((note) => `! ${mode}, ${packing}: ${note}\n`),
  );
  return `${table}${notes.length > 0 ? `\n${notes.join('')}` : ''}`;
}

function pricesOf(file: string) {
  try {
    return readPrices(file);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function above0(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('required: a number above 0.');
  return number;
}

function share(text: string): number {
  const number = above0(text);
  if (number > 1) throw new InvalidArgumentError('required: a number above 0, at most 1.');
  return number;
}

function size(text: string): number {
  const bytes = bytesOf(text);
  if (!bytes) throw new InvalidArgumentError('required: a size such as 300B or 1.2KiB.');
  return bytes;
}

function duration(text: string): number {
  const time = milliseconds(text);
  if (!time) throw new InvalidArgumentError('required: a length of time such as 50ms.');
  return time;
}
