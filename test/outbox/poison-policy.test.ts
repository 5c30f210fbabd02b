import { expect, test } from 'vitest';
import { poisonPolicy } from '../../outbox/poison-policy.ts';
import type { Registry } from '../../outbox/registry/registry.ts';

const registry: Registry = {
  events: {
    Viewed: { aggregate: 'product', versions: {}, onPoison: 'skip' },
    Paid: { aggregate: 'order', versions: {}, onPoison: 'skip' },
    Priced: { aggregate: 'product', versions: {}, onPoison: 'wait' },
    Named: { aggregate: 'product', versions: {} },
  },
  aggregates: { order: { ordered: 'sequence' } },
};

test.each([
  ['Viewed', 'product:1', 'skip', 'skip'],
  ['Priced', 'product:1', 'wait', 'wait'],
  ['Named', 'product:1', 'wait', 'skip'],
  ['row.catalogue.update', 'product:1', 'wait', 'skip'],
  ['Paid', 'order:1', 'wait', 'wait'],
  ['row.payments.insert', 'order:1:2', 'wait', 'wait'],
])('%s of %s: %s where the default is to wait, %s where it is to skip', (type, key, wait, skip) => {
  expect(poisonPolicy({ registry, otherwise: 'wait' })({ type, key })).toBe(wait);
  expect(poisonPolicy({ registry, otherwise: 'skip' })({ type, key })).toBe(skip);
});

test('without a registry the default holds for all', () => {
  expect(poisonPolicy({ otherwise: 'skip' })({ type: 'T', key: 'a:1' })).toBe('skip');
});
