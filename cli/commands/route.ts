import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Explained } from '../../contexts/index.ts';
import { fleetOf } from '../fleet/fleet.ts';
import { askForKills, formatKills, type Kills } from '../kill/kills-of.ts';
import { opsAddresses } from '../ops-option.ts';
import { clientOf, printJson, withClientOptions, type ClientOptions } from '../client-options.ts';

/** `banyan route GET /inventory/abc [--cohort ada] [--host shop.example] [--header name:value]`: by the store's stages, and by what gateways have killed */
export function register(program: Command): void {
  withClientOptions(program.command('route <method> <target>'))
    .description(
      'which upstream a request would go to, why, at which revision, and where a kill stands above that',
    )
    .option('--cohort <value>', 'who asks: the value of the cohort’s cookie or header')
    .option('--host <name>', 'the host that is asked, where routes tell hosts apart')
    .addOption(
      new Option('--header <name:value>', 'a header of the request; may be repeated')
        .argParser(header)
        .default({}, 'none'),
    )
    .option(
      '--ops <addresses>',
      "the gateways' ops ports, asked for kills; gateway.fleet, else gateway.ops unless given",
      opsAddresses,
    )
    .action(
      async (
        method: string,
        target: string,
        {
          cohort,
          host,
          header: headers,
          json,
        }: ClientOptions & { cohort?: string; host?: string; header: Record<string, string> },
        command: Command,
      ) => {
        const body = { method: method.toUpperCase(), target, cohort, host, headers };
        const { config, admin, token, ops = [] } = command.optsWithGlobals<FleetFlags>();
        const [decision, killsOf] = await Promise.all([
          clientOf(command).post<Explained>('/v1/explain', body),
          askForKills(() => fleetOf({ config, admin, token, ops })),
        ]);
        const kills = decision.context === undefined ? undefined : killsOf(decision.context);
        if (json) printJson({ ...decision, kills });
        else process.stdout.write(formatDecision(`${body.method} ${target}`, decision, kills));
      },
    );
}

interface FleetFlags extends ClientOptions {
  readonly config: string;
  readonly ops?: readonly string[];
}

/** A decision in a few lines: where to, why, at which revision; and where a kill stands above it. */
export function formatDecision(request: string, decision: Explained, kills?: Kills): string {
  const { upstream, reason, context, route, kind, path, revision, shadow, answer } = decision;
  const location = answer?.fields['location'];
  return [
    `${request} → ${answer ? `${answer.status}, by the gateway itself` : upstream}`,
    `  why       ${reason}`,
    ...(context === undefined ? [] : [`  context   ${context}, route ${route}, a ${kind}`]),
    answer ? '' : `  path      ${path}`,
    shadow ? `  shadow    ${shadow.upstream} ${shadow.path}` : '',
    location === undefined ? '' : `  location  ${location}`,
    `  revision  ${revision}`,
    ...(kills ? formatKills(kills) : []),
  ]
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');
}

function header(text: string, all: Record<string, string>): Record<string, string> {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError("A header is written 'name:value'.");
  return { ...all, [text.slice(0, colon).trim().toLowerCase()]: text.slice(colon + 1).trim() };
}
