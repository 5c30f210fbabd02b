import type { Command } from 'commander';
import { adminClient, type AdminClient } from './admin-client.ts';
import { loadConfig } from './load-config.ts';

export { formatTable } from './format-table.ts';

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
