import { expect, test } from 'vitest';
import { formatDecision } from '../../cli/commands/route.ts';
import { explain } from '../../contexts/index.ts';
import { SHOP, shopAt } from '../contexts/sample.ts';

const get = { method: 'GET', target: '/inventory/%61' };

test('a shadowed read shows where its copy would go', () => {
  const decision = explain(shopAt({ reads: { stage: 'shadow' } }), get);
  expect(formatDecision('GET /inventory/%61', decision)).toBe(`GET /inventory/%61 → monolith
  why       reads shadow → monolith
  context   inventory, route GET /inventory/:sku, a read
  path      /inventory/%61
  shadow    inventory /inventory/a
  revision  7
`);
});

test('a retired context shows the gateway’s own answer', () => {
  const yaml = `${SHOP}    retired: { redirect: '/stock/:sku', status: 307 }\n`;
  const decision = explain(shopAt({ reads: { stage: 'retired' } }, yaml), get);
  expect(formatDecision('GET /inventory/%61', decision)).toBe(`GET /inventory/%61 → 307, by the gateway itself
  why       reads retired → redirect 307
  context   inventory, route GET /inventory/:sku, a read
  location  /stock/a
  revision  7
`);
});
