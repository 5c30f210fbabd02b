import type { Command } from 'commander';
import type { ForgottenGateway, RegisteredGateway } from '../../control-plane/client.ts';
import {
  clientOf,
  formatTable,
  printJson,
  withClientOptions,
  type ClientOptions,
} from '../client-options.ts';
import { formatAge } from '../format-age.ts';

/** `banyan gateways list|forget`: the register; `banyan gateway` is the one that starts a gateway. */
export function register(program: Command): void {
  const gateways = program.command('gateways').description('see which gateways are registered');

  withClientOptions(gateways.command('list'))
    .description('every registered gateway, the revision that it has in force and when it was seen last')
    .action(async ({ json }: ClientOptions, command: Command) => {
      const answer = await clientOf(command).get<{ gateways: RegisteredGateway[] }>('/v1/gateways');
      if (json) printJson(answer);
      else process.stdout.write(formatGateways(answer.gateways));
    });

  withClientOptions(gateways.command('forget <name>'))
    .description('take a gateway that is gone for good off the register')
    .action(async (name: string, { json }: ClientOptions, command: Command) => {
      const path = `/v1/gateways/${encodeURIComponent(name)}`;
      const forgotten = await clientOf(command).delete<ForgottenGateway>(path);
      if (json) printJson(forgotten);
      else
        process.stdout.write(
          `${forgotten.gateway} is forgotten; it was seen last ${formatAge(forgotten.lastSeenAgoMs)} ago\n`,
        );
    });
}

function formatGateways(gateways: readonly RegisteredGateway[]): string {
  if (gateways.length === 0) return 'no gateway is registered\n';
  const rows = gateways.map(({ gateway, revision, writesInFlight, seenAgoMs, unreadable }) => [
    gateway,
    unreadable === undefined ? String(revision) : `unknown: ${unreadable}`,
    unreadable === undefined
      ? String(Object.values(writesInFlight).reduce((sum, count) => sum + count, 0))
      : 'unknown',
    `${formatAge(seenAgoMs)} ago`,
  ]);
  return formatTable(['gateway', 'revision', 'writes', 'last seen'], rows);
}
