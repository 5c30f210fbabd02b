import type { Command } from 'commander';
import { adminClient, type AdminClient } from './admin-client.ts';
import { loadConfig } from './load-config.ts';

export interface ClientOptions {
  readonly admin?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** What every command takes that is a client of the admin API. */
export function withClientOptions(command: Command): Command {
  return command
    .option('--admin <url>', "the admin API's address; BANYAN_ADMIN, else control.admin unless given")
    .option('--token <token>', "a bearer token; BANYAN_TOKEN, else this host's token file unless given")
    .option('--json', 'print JSON, as the admin API answers');
}

/** The client that the options and the configuration name. */
export function clientOf(command: Command): AdminClient {
  const { config, admin, token } = command.optsWithGlobals<ClientOptions & { config: string }>();
  return adminClient(loadConfig(config), { url: admin, token });
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Rows under their heads, as wide as they need to be; two spaces between. */
export function formatTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [heads, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
