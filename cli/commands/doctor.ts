import { InvalidArgumentError, type Command } from 'commander';
import { furtherStreams } from '../../contexts/index.ts';
import { CHECKS, diagnose, isSound } from '../../control-plane/doctor/index.ts';
import { printJson } from '../client-options.ts';
import { doctorTable } from '../doctor-table.ts';
import { emulatorCredentials } from '../emulator-credentials.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

interface Options {
  readonly json?: boolean;
  readonly only?: readonly string[];
  readonly database?: string;
  readonly inbox?: string;
}

/** `banyan doctor`: what would fail, or does, in databases, stream and Redis. Exit code 1 for a problem or an unknown. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at databases, stream and Redis of the configuration, and say what to do; it changes nothing. Exit code 1 for a problem, or what nobody can see',
    )
    .option('--only <checks>', `some checks alone, by commas: ${CHECKS.join(', ')}`, checkNames)
    .option(
      '--database <url>',
      'look at the outbox as another user; outbox.database unless given',
      databaseUrl,
    )
    .option('--inbox <url>', "look at an extracted service's inbox too", databaseUrl)
    .option('--json', 'the findings as JSON')
    .action(async ({ json, only, database, inbox }: Options, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const config = loadConfig(file);
      const { outbox, control, stream, relay, redis, captures } = config;
      const databases = {
        ...(outbox || database ? { outbox: database ?? outbox!.database } : {}),
        ...(inbox === undefined ? {} : { inbox }),
        ...(control.store === 'mysql' && control.database ? { control: control.database } : {}),
      };
      if (Object.keys(databases).length === 0 && !stream && redis === undefined)
        throw new UsageError(
          `${file} names no database, stream or Redis, so there is nothing to look at; add outbox, stream or redis`,
        );
      const found = await diagnose({
        databases,
        captured: Object.values(captures).map(({ table }) => table),
        stopsCapture: outbox?.budget.atBudget === 'stopCapture',
        stream,
        streams: furtherStreams(config),
        credentials: stream && emulatorCredentials(stream.endpoint, process.env),
        redis,
        retention: outbox?.retention,
        requestTimeout: relay.requestTimeout,
      });
      const findings = only
        ? found.filter(({ check }) => check === 'reached' || only.includes(check))
        : found;
      if (json) printJson({ sound: isSound(findings), findings });
      else process.stdout.write(doctorTable(findings));
      process.exitCode = isSound(findings) ? 0 : 1;
    });
}

function checkNames(text: string): string[] {
  const names = text.split(',').map((one) => one.trim());
  const strange = names.filter((one) => !CHECKS.includes(one));
  if (strange.length > 0)
    throw new InvalidArgumentError(`there is no check ${strange.join(', ')}; there are ${CHECKS.join(', ')}`);
  return names;
}

function databaseUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !['mysql:', 'mariadb:'].includes(url.protocol) || url.pathname.length < 2)
    throw new InvalidArgumentError(
      'required: a URL that names its database, mysql://user:password@host:3306/database',
    );
  return text;
}
