import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../contexts/index.ts';
import { SHOP } from './sample.ts';

const page = readFileSync(new URL('../../docs/gateway.md', import.meta.url), 'utf8');

/** The first block of YAML after a heading. */
function blockOf(heading: string): Record<string, unknown> {
  const section = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return parse(/```yaml\n([\s\S]*?)```/.exec(section)![1]!) as Record<string, unknown>;
}

const mistakesOf = (config: object) => {
  const parsed = parseConfig(stringify(config), () => undefined);
  return parsed.ok ? [] : parsed.mistakes;
};

test('what docs/gateway.md says of proxies, of a route’s fields and of links is a valid configuration', () => {
  const shop = parse(SHOP) as {
    upstreams: object;
    contexts: { inventory: { routes: unknown[] } };
  };
  const { gateway } = blockOf('Behind a proxy');
  const { routes } = blockOf('Fields of a route') as { routes: unknown[] };
  const { upstreams } = blockOf('Answers') as { upstreams: object };
  expect(Object.keys(upstreams)).toEqual(['monolith']);
  expect(routes).toHaveLength(1);
  shop.contexts.inventory.routes = routes;
  expect(mistakesOf({ ...shop, gateway, upstreams: { ...shop.upstreams, ...upstreams } })).toEqual([]);
  expect(mistakesOf({ ...shop, gateway: { trustedProxies: ['10.0.0.1/8'] } })).toHaveLength(1);
});
