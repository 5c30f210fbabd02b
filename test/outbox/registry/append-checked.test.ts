import { expect, test } from 'vitest';
import { z } from 'zod';
import { append } from '../../../outbox/append.ts';
import type { NewEvent } from '../../../outbox/event.ts';
import type { InvalidEventError } from '../../../outbox/invalid-event.ts';
import { defineRegistry } from '../../../outbox/registry/define-registry.ts';
import type { StandardSchema } from '../../../outbox/registry/standard-schema.ts';

const registry = defineRegistry({
  events: {
    OrderPlaced: {
      aggregate: 'order',
      versions: {
        1: { schema: z.object({ sku: z.string() }) },
        2: {
          // Asks somebody else: a validator may take its time.
          schema: z.object({
            lines: z.array(z.object({ sku: z.string().refine(async (sku) => sku !== 'none') })),
            at: z.string().optional(),
          }),
          upcast: ({ sku }) => ({ lines: [{ sku }] }),
        },
      },
    },
    CustomerNamed: { aggregate: 'customer', versions: { 1: { schema: z.object({ name: z.string() }) } } },
  },
});

async function appended(event: unknown) {
  const statements: { sql: string; values: unknown[] }[] = [];
  await append(async (sql, values) => void statements.push({ sql, values }), event as NewEvent, { registry });
  return statements;
}
const mistakesOf = (event: unknown) =>
  appended(event).then(
    (statements) => statements.map(() => 'appended'),
    (error: InvalidEventError) => error.mistakes,
  );
const order = (data: unknown, more = {}) => ({
  type: 'OrderPlaced',
  aggregate: { type: 'order', id: 1 },
  data,
  ...more,
});

test('data is that of the newest version unless another is given, and the version travels with it', async () => {
  const [newest] = await appended(order({ lines: [{ sku: 'a' }] }));
  expect(newest!.values).toContain('{"dataversion":2}');
  const [older] = await appended(order({ sku: 'a' }, { version: 1, extensions: { tenant: 't' } }));
  expect(older!.values).toContain('{"tenant":"t"}');
  expect(await mistakesOf(order({ sku: 'a' }))).toEqual([expect.stringMatching(/^data\.lines: /)]);
  expect(await mistakesOf(order({ sku: 'a' }, { version: 3 }))).toEqual([
    'version: is 3, the registry has 1, 2 of OrderPlaced; take one of these, or declare it there before it is written',
  ]);
  expect(await mistakesOf(order({ sku: 'a' }, { version: 1.5 }))).toEqual([
    'version: is 1.5, it must be a whole number from 1 on',
  ]);
  expect(await mistakesOf(order({ sku: 'a' }, { extensions: { dataversion: 1 } }))).toEqual([
    expect.stringContaining('give the event'),
  ]);
});

test('all mistakes of all events come with their paths, before anything is sent', async () => {
  const mistakes = await mistakesOf([
    order({ lines: [{ sku: 'a' }, { sku: 7 }, { sku: 'none' }] }),
    { type: 'CustomerNamed', aggregate: { type: 'order', id: 1 }, data: {} },
    { type: 'constructor', aggregate: { type: 'order', id: 1 }, data: {} },
    order({ lines: [] }),
  ]);
  expect(mistakes.map((mistake) => /^event \d: [^:]+: /.exec(mistake)?.[0])).toEqual([
    'event 1: data.lines[1].sku: ',
    'event 1: data.lines[2].sku: ',
    'event 2: aggregate.type: ',
    'event 2: data.name: ',
    'event 3: type: ',
  ]);
  expect(mistakes.at(-1)).toContain(
    'is not in the registry; declare it there, or take one of OrderPlaced, CustomerNamed',
  );
});

test('the data is checked as the stream will carry it: a Date is a text there', async () => {
  expect(await mistakesOf(order({ lines: [], at: new Date(0) }))).toEqual(['appended']);
});

test('without a registry a version is still said, and nothing is checked', async () => {
  const statements: unknown[][] = [];
  const event = { ...order({ anything: 1 }), version: 7 };
  await append(async (_, values) => void statements.push(values), event);
  expect(statements[0]).toContain('{"dataversion":7}');
});

test.each<[string, () => unknown, RegExp]>([
  [
    'throws',
    () => {
      throw new RangeError('own fault');
    },
    /^data: its schema failed with RangeError: own fault; it must return/,
  ],
  [
    'rejects',
    () => Promise.reject(new RangeError('own fault')),
    /^data: its schema failed with RangeError: own fault/,
  ],
  ['says no without saying why', () => ({ issues: [] }), /^data: is not as its schema asks$/],
])('a validator that %s has the event refused like any other mistake', async (_what, validate, mistake) => {
  const schema = { '~standard': { version: 1, vendor: 'own', validate } } as unknown as StandardSchema;
  const own = defineRegistry({ events: { T: { aggregate: 'a', versions: { 1: { schema } } } } });
  const refused = append(
    async () => {},
    { type: 'T', aggregate: { type: 'a', id: 1 }, data: {} },
    { registry: own },
  );
  await expect(refused).rejects.toMatchObject({
    name: 'InvalidEventError',
    mistakes: [expect.stringMatching(mistake)],
  });
});
