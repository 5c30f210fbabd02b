import type { Command } from 'commander';
import type { Config } from '../../contexts/index.ts';
import {
  applyCapture,
  describePlan,
  dropCapture,
  readPlan,
  type Capture,
} from '../../legacy-adapter/index.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { loadConfig } from '../load-config.ts';
import { loadTypes } from '../load-types.ts';
import { UsageError } from '../usage-error.ts';
import { registerCaptureStatus } from './capture-status.ts';

/** `banyan capture plan|apply|drop <name>`: triggers that append events for a table the monolith writes itself. */
export function register(program: Command): void {
  const capture = program
    .command('capture')
    .description('append an event for each change of a legacy table, by triggers');
  const configOf = async () => {
    const file = program.opts<{ config: string }>().config;
    const config = loadConfig(file);
    await loadTypes(config, file);
    return config;
  };

  registerCaptureStatus(capture);

  capture
    .command('plan')
    .argument('<name>', 'a capture of the configuration')
    .description(
      'say what apply would do, what it costs, and what stands in the way; exit code 1 if anything does',
    )
    .action(async (name: string) => {
      const config = await configOf();
      const plan = await withDatabase(config, (database) => readPlan(database, captureNamed(config, name)));
      process.stdout.write(describePlan(plan));
      if (plan.refusals.length > 0) process.exitCode = 1;
    });

  capture
    .command('apply')
    .argument('<name>', 'a capture of the configuration')
    .description('create its triggers, or replace those of an older definition')
    .action(async (name: string) => {
      const config = await configOf();
      const outcome = await withDatabase(config, (database) =>
        applyCapture(database, captureNamed(config, name)),
      );
      const said = {
        created: 'its three triggers are there now',
        replaced: 'its triggers were replaced; no write passed in between',
        unchanged: 'it was applied already; nothing changed',
      };
      process.stdout.write(`capture '${name}': ${said[outcome]}\n`);
    });

  capture
    .command('drop')
    .argument('<name>', 'a capture, of the configuration or not any more')
    .description('remove its triggers, and nothing else; twice is no harm')
    .action(async (name: string) => {
      const dropped = await withDatabase(loadConfig(program.opts<{ config: string }>().config), (database) =>
        dropCapture(database, name),
      );
      process.stdout.write(
        dropped.length > 0
          ? `capture '${name}': removed ${dropped.join(', ')}\n`
          : `capture '${name}': there was no trigger of it; nothing changed\n`,
      );
    });
}

function captureNamed(config: Config, name: string): Capture {
  const found = config.captures[name];
  if (found) return { name, ...found };
  const known = Object.keys(config.captures).join(', ');
  throw new UsageError(
    `there is no capture '${name}'; ${known ? `known captures: ${known}` : 'the configuration has none: add `captures:`'}`,
  );
}

async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  if (!config.outbox)
    throw new UsageError(
      'the configuration has no `outbox:`; capture needs `outbox.database`, the URL of the legacy database',
    );
  const database = openDatabase(config.outbox.database, { connections: 1 });
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
