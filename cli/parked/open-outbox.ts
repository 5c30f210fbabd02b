import type { Command } from 'commander';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { databaseOfSet } from '../database-of-set.ts';

/** The option of all commands that change or read events by hand. */
export function withDatabaseOption(command: Command): Command {
  return command.option(
    '-d, --database <url>',
    "mysql://user:password@host:port/database; the configuration's outbox.database unless given",
  );
}

/** Runs `work` on the outbox that the options or the configuration name. */
export async function withOutbox<T>(command: Command, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, database: given } = command.optsWithGlobals<{ config: string; database?: string }>();
  const database = openDatabase(databaseOfSet('outbox', given, config).url, { connections: 2 });
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
