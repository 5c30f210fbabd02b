import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineRegistry, type InvalidRegistryError } from '../../../outbox/registry/define-registry.ts';
import { declarationOf, isSequenced, versionsOf } from '../../../outbox/registry/registry.ts';

const schema = z.object({ sku: z.string() });

function mistakesOf(registry: unknown): readonly string[] {
  try {
    defineRegistry(registry as Parameters<typeof defineRegistry>[0]);
    return [];
  } catch (error) {
    return (error as InvalidRegistryError).mistakes;
  }
}

test('a registry says of each type its aggregate, its versions, what is personal and what poison does', () => {
  const registry = defineRegistry({
    events: {
      OrderPlaced: {
        aggregate: 'order',
        versions: { 2: { schema }, 3: { schema, upcast: (older: { sku: string }) => older } },
        personal: ['customer.email', 'lines.*.note'],
        onPoison: 'skip',
      },
    },
    aggregates: { order: { ordered: 'sequence' } },
  });
  expect(versionsOf(declarationOf(registry, 'OrderPlaced')!)).toEqual([2, 3]);
  expect(declarationOf(registry, 'constructor')).toBeUndefined();
  expect(isSequenced(registry, 'order')).toBe(true);
  expect(isSequenced(registry, 'constructor')).toBe(false);
  expect(isSequenced(undefined, 'order')).toBe(false);
});

test('a validator of any library will do, a function too', () => {
  const validator = Object.assign(() => {}, {
    '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) },
  });
  expect(mistakesOf({ events: { A: { aggregate: 'a', versions: { 1: { schema: validator } } } } })).toEqual(
    [],
  );
});

test('all mistakes come at once, each with its place', () => {
  const mistakes = mistakesOf({
    event: {},
    events: {
      '': { aggregate: 'a', versions: { 1: { schema } } },
      Flat: 1,
      Placed: {
        aggregate: 'a:b',
        version: {},
        versions: { 1: { schema: {}, upcast: () => 0 }, 3: { schema } },
        personal: ['customer..email', 7],
        onPoison: 'park',
      },
      Shipped: { aggregate: 'a', versions: {} },
      Paid: { aggregate: 'a', versions: { '1.5': { schema } } },
    },
    aggregates: { a: { ordered: 'sequenced' }, ordre: { ordered: 'sequence' }, b: 'sequence' },
  });
  expect(mistakes.map((mistake) => mistake.split(':')[0])).toEqual([
    'event',
    'events.',
    'events.Flat',
    'events.Placed.version',
    'events.Placed.aggregate',
    'events.Placed.versions',
    'events.Placed.versions.1.schema',
    'events.Placed.versions.1.upcast',
    'events.Placed.versions.3.upcast',
    'events.Placed.onPoison',
    'events.Placed.personal',
    'events.Placed.personal',
    'events.Shipped.versions',
    'events.Paid.versions',
    'aggregates.a.ordered',
    'aggregates.ordre',
    'aggregates.b',
  ]);
});

test.each([[undefined], [null], [[]], [{}], [{ events: [] }]])('%j is no registry', (given) => {
  expect(mistakesOf(given)).toHaveLength(1);
});
