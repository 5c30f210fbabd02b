import { expect, test } from 'vitest';
import { maskData } from '../../outbox/mask.ts';
import { personalPlaces } from '../../outbox/personal-places.ts';
import { defineRegistry } from '../../outbox/registry/define-registry.ts';

const schema = {
  '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) },
} as const;
const registry = defineRegistry({
  events: {
    Joined: { aggregate: 'customer', versions: { 1: { schema } }, personal: ['name'] },
    Sold: { aggregate: 'order', versions: { 1: { schema } } },
  },
});
const captures = { people: { personal: ['name'] } };
const shown = (places: ReturnType<typeof personalPlaces>, type: string, data: unknown) =>
  JSON.parse(maskData(JSON.stringify(data), places(type))) as unknown;

const row = { op: 'update', before: { id: 1, name: 'Ada' }, after: { id: 1, name: 'Ada L.' } };
const hidden = '(text, 1 to 8 characters)';

test('what is declared personal is masked, by event type and by column of a capture, and the rest is shown', () => {
  const places = personalPlaces({ registry, captures });
  expect(shown(places, 'Joined', { name: 'Ada', plan: 'free' })).toEqual({ name: hidden, plan: 'free' });
  expect(shown(places, 'Sold', { sku: 'a' })).toEqual({ sku: 'a' });
  expect(shown(places, 'row.people.update', row)).toEqual({
    op: 'update',
    before: { id: 1, name: hidden },
    after: { id: 1, name: hidden },
  });
});

test('all values of a type that the registry does not have are masked: it is what is parked, and nobody knows what is in it', () => {
  const places = personalPlaces({ registry, captures });
  expect(shown(places, 'Jioned', { name: 'Ada', address: { city: 'London' } })).toEqual({
    name: hidden,
    address: '(object)',
  });
  expect(shown(places, 'constructor', { name: 'Ada' })).toEqual({ name: hidden });
  expect(shown(personalPlaces({ captures }), 'Jioned', { name: 'Ada' })).toEqual({ name: 'Ada' });
});

test('so are those of a capture that is not in the configuration any more', () => {
  expect(shown(personalPlaces({}), 'row.people.update', row)).toEqual({
    op: 'update',
    before: { id: '(number)', name: hidden },
    after: { id: '(number)', name: hidden },
  });
});
