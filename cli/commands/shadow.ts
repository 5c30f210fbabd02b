import { InvalidArgumentError, type Command } from 'commander';
import { fleetOf } from '../fleet/fleet.ts';
import { opsAddresses } from '../ops-option.ts';
import { askReports } from '../shadow/ask-reports.ts';
import { formatSummary } from '../shadow/format-summary.ts';
import { sumUp } from '../shadow/sum-up.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly config: string;
  readonly ops?: readonly string[];
  readonly examples: number;
  readonly json?: boolean;
}

/** Milliseconds that a gateway may take to answer. */
const PATIENCE = 5_000;

/** `banyan shadow report inventory`: what comparing answers found out. Exit code 0 for go, 1 for no-go and unknown. */
export function register(program: Command): void {
  const shadow = program.command('shadow').description('see how the answers of extracted services compare');

  shadow
    .command('report <context>')
    .description('the verdict on a context whose reads are in shadow; exit code 0 only when it is go')
    .option(
      '--ops <addresses>',
      "the gateways' ops ports, by commas or repeated; gateway.fleet, else gateway.ops unless given",
      opsAddresses,
    )
    .option('--examples <count>', 'examples of mismatches to show for each route', count, 3)
    .option('--json', 'print JSON, with all examples')
    .action(async (context: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { ops } = fleetOf({ config: options.config, ops: options.ops ?? [] });
      const told = await askReports(ops, PATIENCE);
      const summary = sumUp(context, told);
      if (!summary) throw noReport(context, told);
      process.stdout.write(
        options.json
          ? `${JSON.stringify(summary, undefined, 2)}\n`
          : formatSummary(summary, options.examples),
      );
      process.exitCode = summary.verdict === 'go' ? 0 : 1;
    });
}

function noReport(context: string, told: Awaited<ReturnType<typeof askReports>>): Error {
  const problems = told.flatMap((one) => ('problem' in one ? [`${one.ops}: ${one.problem}`] : []));
  if (problems.length === told.length)
    return new Error(`no gateway was reached: ${problems.join('; ')}; name the ops ports with --ops`);
  const known = told.flatMap((one) =>
    'page' in one ? one.page.contexts.map(({ context: name }) => name) : [],
  );
  return new UsageError(
    `context '${context}' is not defined; known contexts: ${[...new Set(known)].join(', ') || 'none'}`,
  );
}

function count(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Required: a whole number from 0 to 999.');
}
