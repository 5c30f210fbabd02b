import { InvalidArgumentError, Option, type Command } from 'commander';
import { milliseconds, type Verdict } from '../../contexts/index.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { wait } from '../../runtime/wait.ts';
import { fleetOf, type Fleet } from '../fleet/fleet.ts';
import { opsAddresses } from '../ops-option.ts';
import { redrawOn } from '../redraw.ts';
import { contextsOf } from '../status/evidence.ts';
import { formatContext } from '../status/format-context.ts';
import { formatOverview } from '../status/format-overview.ts';
import { gather, type Readings } from '../status/gather.ts';
import { exitCodeOf, judgeAll, judgeOne } from '../status/judge.ts';
import { contextJson, overviewJson } from '../status/to-json.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly config: string;
  readonly ops?: readonly string[];
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly interval: number;
  readonly timeout: number;
  readonly admin?: string;
  readonly token?: string;
}

interface Answer {
  readonly verdict: Verdict;
  readonly text: string;
  readonly json: object;
}

/** `banyan status [context]`: go or no-go, and is it us. It asks gateways and admin API, and does with those that answer. */
export function register(program: Command): void {
  program
    .command('status [context]')
    .description(
      'a verdict on a context, or on all: go (exit code 0), no-go (1), unknown (3), the readings behind it and what to type next',
    )
    .option(
      '--ops <addresses>',
      "the gateways' ops ports, by commas or repeated; gateway.fleet, else gateway.ops unless given",
      opsAddresses,
    )
    .option('--watch', 'look again and again, until Ctrl+C')
    .addOption(
      new Option('--interval <time>', 'between two looks of --watch')
        .argParser(duration)
        .default(2_000, '2s'),
    )
    .addOption(
      new Option('--timeout <time>', 'how long each gateway and the admin API may take')
        .argParser(duration)
        .default(2_000, '2s'),
    )
    .option('--admin <url>', 'the admin API; BANYAN_ADMIN, else control.admin unless given')
    .option(
      '--token <token>',
      "a bearer token for it; BANYAN_TOKEN, else this host's token file unless given",
    )
    .option('--json', 'print JSON')
    .action(async (context: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const fleet = fleetOf({ ...options, ops: options.ops ?? [] });
      const print = printer(options);
      const look = async () => {
        const answer = await judge(fleet, context, options.timeout);
        print(answer);
        process.exitCode = exitCodeOf(answer.verdict);
      };
      if (!options.watch) return look();
      const stopped = shutdownSignal();
      while (!stopped.aborted) {
        await look();
        await wait(options.interval, stopped);
      }
    });
}

async function judge(fleet: Fleet, context: string | undefined, timeout: number): Promise<Answer> {
  const readings = await gather(fleet, { context, timeout });
  if (context === undefined) {
    const overview = judgeAll(readings);
    return {
      verdict: overview.verdict,
      text: formatOverview(readings, overview),
      json: overviewJson(readings, overview),
    };
  }
  const judged = judgeOne(readings, context);
  if (!judged) return unknownContext(readings, context);
  return {
    verdict: judged.verdict,
    text: formatContext(judged, readings.now),
    json: contextJson(judged, readings.now),
  };
}

/** A name that nobody has is a mistake; where nobody was reached it may be right. */
function unknownContext(readings: Readings, context: string): Answer {
  const known = contextsOf(readings);
  if (known.length > 0)
    throw new UsageError(`context '${context}' is not defined; known contexts: ${known.join(', ')}`);
  const { now, gateways, contexts } = readings;
  const problems = [
    ...gateways.flatMap((one) => ('problem' in one ? [`gateway at ${one.ops}: ${one.problem}`] : [])),
    ...('unknown' in contexts ? [contexts.unknown] : ['the admin API knows no context']),
  ];
  const why = problems.map((problem) => `! ${problem}\n`).join('');
  return {
    verdict: 'unknown',
    text: `${context}: unknown · nobody who knows of it was reached\n${why}name the gateways' ops ports with --ops, or another configuration with --config\n`,
    json: { at: new Date(now).toISOString(), context, verdict: 'unknown', problems },
  };
}

/** One after the other; on a terminal, --watch writes each over the one before. */
function printer({ watch = false, json = false }: Options): (answer: Answer) => void {
  const write = (text: string) => void process.stdout.write(text);
  if (json)
    return ({ json: value }) =>
      write(`${watch ? JSON.stringify(value) : JSON.stringify(value, undefined, 2)}\n`);
  if (!watch || !process.stdout.isTTY) return ({ text }) => write(`${text}${watch ? '\n' : ''}`);
  const redraw = redrawOn(process.stdout);
  return ({ text }) => redraw(text);
}

function duration(text: string): number {
  const time = milliseconds(text);
  if (time === undefined || !(time > 0 && time <= 60_000))
    throw new InvalidArgumentError('required: a length of time such as 500ms or 2s, up to 60s.');
  return time;
}
