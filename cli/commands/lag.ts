import { InvalidArgumentError, Option, type Command } from 'commander';
import { milliseconds } from '../../contexts/index.ts';
import type { LagHistory, LagReport } from '../../control-plane/client.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { wait } from '../../runtime/wait.ts';
import type { AdminClient } from '../admin-client.ts';
import { clientOf, printJson, withClientOptions } from '../client-options.ts';
import { lagHistoryTable } from '../lag-history-table.ts';
import { lagTable } from '../lag-table.ts';
import { lagIsGood } from '../lag-verdict.ts';
import { redrawOn } from '../redraw.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly maxAge: number;
  readonly interval: number;
  readonly history?: boolean;
  readonly since: number;
  readonly context?: string;
}

/** `banyan lag`: how far events are behind, per context and in total. Exit code 1 above --max-age or when unknown. */
export function register(program: Command): void {
  withClientOptions(
    program
      .command('lag')
      .description('tell how far events are behind; exit code 1 when too far, or when nobody knows')
      .option('--watch', 'look again and again, until Ctrl+C')
      .addOption(
        new Option('--max-age <time>', 'the greatest age that is good')
          .argParser(duration)
          .default(30_000, '30s'),
      )
      .addOption(
        new Option('--interval <time>', 'between two looks of --watch')
          .argParser(duration)
          .default(1_000, '1s'),
      )
      .option('--history', 'tell how it was, minute by minute; it is no verdict, and the exit code is 0')
      .addOption(
        new Option('--since <time>', 'with --history: how far back, 7d at most')
          .argParser(duration)
          .default(7_200_000, '2h'),
      )
      .option('--context <name>', 'with --history: of this context alone'),
  ).action(async (options: Options, command: Command) => {
    const client = clientOf(command);
    if (options.history) return history(client, options);
    if (options.context !== undefined) throw new UsageError('--context goes with --history');
    const print = printer(options);
    const look = async () => {
      const report = await client.get<LagReport>('/v1/lag');
      print(report);
      process.exitCode = lagIsGood(report, options.maxAge) ? 0 : 1;
    };
    if (!options.watch) return look();
    const stopped = shutdownSignal();
    while (!stopped.aborted) {
      await look().catch((error: unknown) => {
        if (error instanceof UsageError) throw error;
        process.stderr.write(`unknown: ${(error as Error).message}\n`);
        process.exitCode = 1;
      });
      await wait(options.interval, stopped);
    }
  });
}

async function history(client: AdminClient, { since, context, json, watch }: Options): Promise<void> {
  if (watch) throw new UsageError('--history and --watch exclude each other');
  const minutes = Math.ceil(since / 60_000);
  const query = new URLSearchParams({
    minutes: String(minutes),
    ...(context === undefined ? {} : { context }),
  });
  const found = await client.get<LagHistory>(`/v1/lag/history?${query.toString()}`);
  if (json) printJson(found);
  else process.stdout.write(lagHistoryTable(found, context));
}

/** One table after the other; on a terminal, --watch writes each over the one before. */
function printer({ watch = false, json = false }: Options): (report: LagReport) => void {
  if (json)
    return (report) => (watch ? process.stdout.write(`${JSON.stringify(report)}\n`) : printJson(report));
  if (!watch || !process.stdout.isTTY)
    return (report) => process.stdout.write(`${lagTable(report)}${watch ? '\n' : ''}`);
  const redraw = redrawOn(process.stdout);
  return (report) => redraw(lagTable(report));
}

function duration(text: string): number {
  const time = milliseconds(text);
  if (time === undefined)
    throw new InvalidArgumentError('required: a length of time such as 250ms, 5s, 10m, 24h or 7d.');
  return time;
}
