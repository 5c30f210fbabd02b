import type { Command } from 'commander';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { databaseOfSet } from '../database-of-set.ts';

/** The option of all commands that look into an inbox; the configuration doesn't know where it is. */
export function withInboxOption(command: Command): Command {
  return command.requiredOption(
    '-d, --database <url>',
    "mysql://user:password@host:port/database of the extracted service's inbox",
  );
}

/** Runs `work` on the inbox that the options name. */
export async function withInbox<T>(command: Command, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, database: given } = command.optsWithGlobals<{ config: string; database: string }>();
  const database = openDatabase(databaseOfSet('inbox', given, config).url, { connections: 2 });
  try {
    return await work(database);
  } finally {
    await database.end();
  }
}
