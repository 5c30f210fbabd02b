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
  const canary = Object.entries(contexts).find(([, { cohort }]) => cohort !== undefined);
  if (canary && gateway.cdn === undefined)
    warn(
      ['contexts', canary[0], 'cohort'],
      'where a CDN or another shared cache stands in front, a canary needs gateway.cdn: one cohort would get what was stored for another',
    );
  return found;
}
