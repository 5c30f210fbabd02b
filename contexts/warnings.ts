import type { Config } from './config.ts';

/** Something that is allowed and seldom meant. */
export interface ConfigWarning {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a checked configuration has that its author should look at. None of it keeps a process from starting. */
export function warningsOf(config: Config): ConfigWarning[] {
  const { gateway, upstreams, contexts, monolith } = config;
  const found: ConfigWarning[] = [];
  const warn = (path: readonly PropertyKey[], message: string) => void found.push({ path, message });
  const used = new Set([monolith, ...Object.values(contexts).map(({ upstream }) => upstream)]);
  for (const name of Object.keys(upstreams))
    if (!used.has(name)) warn(['upstreams', name], `no context uses upstream '${name}'`);
  if (Object.keys(contexts).length === 0)
    warn(['contexts'], 'there is no context: everything goes to the monolith');
  for (const [index, block] of gateway.trustedProxies.entries())
    if (block.endsWith('/0'))
      warn(
        ['gateway', 'trustedProxies', index],
        `${block} trusts everybody: any client can say that it is another`,
      );
  if (gateway.limits.connectionsPerClient !== undefined && gateway.trustedProxies.length === 0)
    warn(
      ['gateway', 'limits', 'connectionsPerClient'],
      'without gateway.trustedProxies a load balancer in front counts as one client; name it there',
    );
  if (gateway.identity && !Object.values(contexts).some(({ identity }) => identity))
    warn(['gateway', 'identity'], 'no context has `identity`: nobody is told who is calling');
  const canary = Object.entries(contexts).find(([, { cohort }]) => cohort !== undefined);
  if (canary && gateway.cdn === undefined)
    warn(
      ['contexts', canary[0], 'cohort'],
      'where a CDN or another shared cache stands in front, a canary needs gateway.cdn: one cohort would get what was stored for another',
    );
  for (const [name, { afterWrite, maxLag, consumer }] of Object.entries(contexts)) {
    if (afterWrite && maxLag === undefined)
      warn(
        ['contexts', name, 'afterWrite'],
        consumer === undefined
          ? 'without `consumer` and `maxLag` nobody notices when what was written takes longer than that to arrive'
          : 'without `maxLag` nobody notices when what was written takes longer than that to arrive',
      );
    if (maxLag !== undefined && maxLag < IDLE_LAG)
      warn(
        ['contexts', name, 'maxLag'],
        'below 3s reads may stay with the monolith for ever: how far the consumer is gets known with up to 2.5 s of delay',
      );
  }
  return found;
}

/** What the lag can read while nothing is to be done, in milliseconds, with something to spare. */
const IDLE_LAG = 3_000;
