import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineRegistry } from '../../../outbox/registry/define-registry.ts';
import { upcast } from '../../../outbox/registry/upcast.ts';
import { counted } from '../../consumer/events.ts';

const schema = z.object({});
const registry = defineRegistry({
  events: {
    Counted: {
      aggregate: 'counter',
      versions: {
        2: { schema },
        3: { schema, upcast: ({ n }) => ({ count: n }) },
        4: { schema, upcast: async ({ count }) => ({ total: count, unit: 'piece' }) },
      },
    },
  },
});

test('data of an older version goes through each upcaster up to the newest', async () => {
  const event = counted('k', 7, { dataversion: 2 });
  expect(await upcast(registry, event)).toEqual({
    ...event,
    dataversion: 4,
    data: { total: 7, unit: 'piece' },
  });
  const third = counted('k', 0, { dataversion: 3, data: { count: 5 } });
  expect((await upcast(registry, third)).data).toEqual({ total: 5, unit: 'piece' });
});

test('what is in the newest version, or of a type that is not declared, stays as it is', async () => {
  const newest = counted('k', 1, { dataversion: 4 });
  expect(await upcast(registry, newest)).toBe(newest);
  const other = counted('k', 1, { type: 'constructor', dataversion: 9 });
  expect(await upcast(registry, other)).toBe(other);
});

test.each([[5], [1], [undefined], ['4']])(
  'version %j is refused, with those that there are',
  async (dataversion) => {
    const event = counted('k', 1, { dataversion: dataversion as number });
    await expect(upcast(registry, event)).rejects.toThrow(
      /of Counted, and this registry has 2, 3, 4: deploy/,
    );
  },
);
