import type { IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { Decision } from '../../../contexts/index.ts';
import { trustIn } from '../../../gateway/client-address.ts';
import { openShadowing } from '../../../gateway/shadow/shadowing.ts';
import { configOf, SHOP, shopAt } from '../../contexts/sample.ts';
import { keptLog } from '../support/gateway.ts';

const request = { method: 'GET', url: '/new/a', headers: {}, rawHeaders: [] } as unknown as IncomingMessage;
const of = (context: string) =>
  ({ context, route: 'GET /inventory/:sku', shadow: {} }) as unknown as Decision;

test('a request that was decided by another configuration is left out', () => {
  const { log } = keptLog();
  const config = configOf(`${SHOP}    shadow: { sample: 1 }\n`);
  const shadowing = openShadowing(config, { name: 'g1', log, trust: trustIn([]) });
  onTestFinished(() => shadowing.close());
  expect(shadowing.read(of('inventory'), request)).toBeDefined();
  expect(shadowing.read(of('new'), request)).toBeUndefined();

  const inShadow = shopAt({ reads: { stage: 'shadow' } });
  const renamed = { ...inShadow, contexts: new Map([['new', inShadow.contexts.get('inventory')!]]) };
  expect(shadowing.write(inShadow, of('inventory'), request)).toBeDefined();
  expect(shadowing.write(renamed, of('new'), request)).toBeUndefined();
  expect(shadowing.write(shopAt({}), of('inventory'), request)).toBeUndefined();
});
