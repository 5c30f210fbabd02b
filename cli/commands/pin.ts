import { InvalidArgumentError, Option, type Command } from 'commander';
import { milliseconds, signPin, type Side } from '../../contexts/index.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

/** Of a pin, in milliseconds: whoever gets hold of one has it so long. */
const LONGEST = 30 * 24 * 60 * 60 * 1_000;

/** `banyan pin inventory=extracted --ttl 1h`: needs the configuration with its keys, and no process. */
export function register(program: Command): void {
  program
    .command('pin <context=side...>')
    .description('sign a field and a cookie that send reads to one side: inventory=extracted, orders=legacy')
    .addOption(
      new Option('--ttl <time>', 'how long it is good for, 30d at most')
        .argParser(period)
        .default(period('1h'), '1h'),
    )
    .option('--json', 'print JSON')
    .action((pairs: string[], { ttl, json }: { ttl: number; json?: boolean }) => {
      const file = program.opts<{ config: string }>().config;
      const config = loadConfig(file);
      const { overrides } = config.gateway;
      if (!overrides)
        throw new UsageError(
          `${file} lets nobody pin: add gateway.overrides with keys, and start the gateways with them`,
        );
      const pins = pinsIn(pairs, Object.keys(config.contexts));
      const until = Math.floor((Date.now() + ttl) / 1_000) * 1_000;
      const pin = signPin(overrides.keys[0]!, pins, until);
      const told = { field: `X-Banyan-Pin: ${pin}`, cookie: `${overrides.cookie}=${pin}` };
      const end = new Date(until).toISOString();
      process.stdout.write(
        json
          ? `${JSON.stringify({ pin, ...told, until: end })}\n`
          : `${told.field}\nCookie: ${told.cookie}\ngood until ${end}\n`,
      );
    });
}

function pinsIn(pairs: readonly string[], known: readonly string[]): Record<string, Side> {
  const pins: Record<string, Side> = {};
  for (const pair of pairs) {
    const [context = '', side, ...more] = pair.split('=');
    if ((side !== 'legacy' && side !== 'extracted') || more.length > 0)
      throw new UsageError(
        `found '${pair}'; required: a context and a side, such as inventory=extracted or inventory=legacy`,
      );
    if (!known.includes(context))
      throw new UsageError(`there is no context '${context}'; known contexts: ${known.join(', ') || 'none'}`);
    if (pins[context] !== undefined) throw new UsageError(`context '${context}' is pinned twice`);
    pins[context] = side;
  }
  return pins;
}

function period(text: string): number {
  const length = milliseconds(text);
  if (length === undefined || length < 1_000 || length > LONGEST)
    throw new InvalidArgumentError('A length of time such as 30m or 8h is required, from 1s to 30d.');
  return length;
}
