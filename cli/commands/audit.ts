import { InvalidArgumentError, Option, type Command } from 'commander';
import { milliseconds } from '../../contexts/index.ts';
import { auditEvents, readCompleteness, type CompletenessReport } from '../../relay/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { auditText } from '../audit-text.ts';
import { printJson } from '../client-options.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
  readonly since: number;
}

/** `banyan audit events`: whether every event was acknowledged. Exit code 1 unless that is shown. */
export function register(program: Command): void {
  program
    .command('audit')
    .description('see whether every event reached the stream')
    .command('events')
    .description(
      'look for events that were not acknowledged, in every window of time that has closed; needs no Redis',
    )
    .addOption(
      new Option('--since <time>', 'how far back to tell').argParser(duration).default(86_400_000, '24h'),
    )
    .option('--json', 'print JSON')
    .action(async (_: Options, command: Command) => {
      const { config, json, since } = command.optsWithGlobals<Options>();
      const { outbox } = loadConfig(config);
      if (!outbox) throw new UsageError(`${config}: the audit needs outbox.database; add it`);
      const report = await look(outbox, since);
      if (json) printJson(report);
      else process.stdout.write(auditText(report));
      process.exitCode = report.verdict === 'complete' ? 0 : 1;
    });
}

async function look(
  outbox: { database: string; retention: number },
  since: number,
): Promise<CompletenessReport> {
  const database = openDatabase(outbox.database, { connections: 4 });
  try {
    await auditEvents(database, { retention: outbox.retention });
    return await readCompleteness(database, since);
  } catch (cause) {
    const { message, code } = cause as Error & { code?: string };
    throw new Error(`unknown: the outbox can't be audited: ${message || code}`, { cause });
  } finally {
    await database.end();
  }
}

function duration(text: string): number {
  const time = milliseconds(text);
  if (time === undefined)
    throw new InvalidArgumentError('required: a length of time such as 250ms, 5s, 10m, 24h or 7d.');
  return time;
}
