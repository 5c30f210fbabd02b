import { expect, test } from 'vitest';
import { z } from 'zod';
import type { OutboxRow } from '../../outbox/envelope.ts';
import { defineRegistry } from '../../outbox/registry/define-registry.ts';
import { prepareChecked } from '../../relay/prepare.ts';
import { KINESIS_LIMITS } from '../../relay/publisher.ts';

const schema = z.object({ n: z.number() });
const registry = defineRegistry({
  events: {
    Placed: {
      aggregate: 'order',
      versions: { 1: { schema }, 2: { schema: z.object({ m: z.number() }), upcast: ({ n }) => ({ m: n }) } },
    },
    Named: { aggregate: 'customer', versions: { 1: { schema: z.object({}) } } },
  },
  aggregates: { order: { ordered: 'sequence' } },
});
const row: OutboxRow = {
  id: 1,
  event_id: 'e-1',
  source: '/php',
  type: 'Placed',
  aggregate_type: 'order',
  aggregate_id: '5',
  partition_key: 'order:5',
  bucket: 3,
  occurred_at: '2026-01-02 03:04:05.000006',
  appended_at: '2026-01-02 03:04:05.000007',
  data: '{"n":1}',
  extensions: null,
  sequence: 7,
};
const prepared = (more: Partial<OutboxRow>, translate?: Parameters<typeof prepareChecked>[3]) =>
  prepareChecked({ ...row, ...more }, KINESIS_LIMITS, registry, translate);
const reasonOf = async (more: Partial<OutboxRow>) => {
  const one = await prepared(more);
  return one.kind === 'poison' ? one.reason : one.kind;
};

test('what the registry takes goes on, in the version that it says', async () => {
  expect(await reasonOf({})).toBe('record');
  expect(await reasonOf({ extensions: '{"dataversion":2}', data: '{"m":1}' })).toBe('record');
});

test.each<[string, Partial<OutboxRow>, RegExp]>([
  ['a type that is not declared', { type: 'Plcaed' }, /"Plcaed" is not in the registry; .*Placed, Named/],
  ['another aggregate', { type: 'Named', data: '{}' }, /aggregate\.type: is "order".* for 'customer'/],
  ['data of no version', { data: '{"n":"1"}' }, /data\.n: /],
  ['data of another version', { extensions: '{"dataversion":2}' }, /data\.m: /],
  [
    'a version that is not declared',
    { extensions: '{"dataversion":3}' },
    /version: is 3, the registry has 1, 2/,
  ],
  ['a version that is none', { extensions: '{"dataversion":"2"}' }, /dataversion is "2", it must be a whole/],
  ['no number', { sequence: null }, /sequence: is missing, .*banyan_outbox_sequence/],
  ['no JSON', { data: '{' }, /data isn't JSON/],
])('poison, with the reason: %s', async (_, more, reason) => {
  expect(await reasonOf(more)).toMatch(reason);
});

test('all that is wrong is said at once', async () => {
  expect(await reasonOf({ aggregate_type: 'order', sequence: null, data: '{}' })).toMatch(
    /data\.n.*; sequence/,
  );
});

const change = {
  type: 'row.orders.insert',
  aggregate_type: 'customer',
  sequence: null,
  data: '{"op":"insert","table":"orders","before":null,"after":{}}',
};

test('a row change that nobody translates goes on unchecked', async () => {
  expect(await reasonOf(change)).toBe('record');
});

test('a translated event is in the newest version, and checked as such', async () => {
  const translated = (data: unknown, type = 'Placed') =>
    prepared({ ...change, aggregate_type: 'order', sequence: 3 }, () => () => ({ type, data }));
  const one = await translated({ m: 1 });
  expect(JSON.parse(Buffer.from(one.kind === 'record' ? one.data : '').toString())).toMatchObject({
    dataversion: 2,
    data: { m: 1 },
  });
  expect(await translated({ n: 1 })).toMatchObject({ kind: 'poison' });
  expect(await translated({}, 'Other')).toMatchObject({ kind: 'poison' });
});

test('a reason never quotes what is declared personal: it says where, and which rule', async () => {
  const quoting = z
    .string()
    .refine((text) => text.length > 99, { error: ({ input }) => `'${String(input)}' is short` });
  const personal = defineRegistry({
    events: {
      Joined: {
        aggregate: 'customer',
        personal: ['name', 'contacts', 'notes.*.text'],
        versions: {
          1: {
            schema: z
              .object({
                name: quoting,
                mail: quoting,
                contacts: z.record(
                  z.string(),
                  z.email({ error: ({ input }) => `${String(input)} is no address` }),
                ),
                notes: z.array(z.object({ text: quoting, kind: quoting })),
              })
              .refine(() => false, {
                error: ({ input }) => `who is ${JSON.stringify(input)}?`,
                when: () => true,
              }),
          },
        },
      },
    },
  });
  const data = {
    ...{ name: 'Ada Lovelace', mail: 'shown', contacts: { 'ada@example.org': 'Ada L.' } },
    notes: [{ text: 'likes Ada', kind: 'kind' }],
  };
  const one = await prepareChecked(
    { ...row, type: 'Joined', aggregate_type: 'customer', data: JSON.stringify(data) },
    KINESIS_LIMITS,
    personal,
  );
  const reason = one.kind === 'poison' ? one.reason : one.kind;
  expect(reason).not.toMatch(/ada|lovelace/i);
  const hidden = '(personal data: its value is not shown)';
  expect(reason.split('; ').toSorted()).toEqual([
    `data.contacts: invalid_format email ${hidden}`,
    "data.mail: 'shown' is short",
    "data.notes[0].kind: 'kind' is short",
    `data.notes[0].text: custom ${hidden}`,
    `data: custom ${hidden}`,
    `the registry refuses it: data.name: custom ${hidden}`,
  ]);
});

test('a schema that throws quotes nothing either, where something is personal', async () => {
  const thrower = (personal: string[]) =>
    defineRegistry({
      events: {
        Joined: {
          ...{ aggregate: 'customer', personal },
          versions: {
            1: {
              schema: {
                '~standard': {
                  ...{ version: 1 as const, vendor: 'own' },
                  validate(value: unknown): never {
                    throw new RangeError(`${JSON.stringify(value)} is odd`);
                  },
                },
              },
            },
          },
        },
      },
    });
  const reasonWith = async (personal: string[]) => {
    const joined = { ...row, type: 'Joined', aggregate_type: 'customer', data: '{"name":"Ada"}' };
    const one = await prepareChecked(joined, KINESIS_LIMITS, thrower(personal));
    return one.kind === 'poison' ? one.reason : one.kind;
  };
  expect(await reasonWith(['name'])).toBe(
    'the registry refuses it: data: its schema failed with RangeError; it must return issues instead of throwing',
  );
  expect(await reasonWith([])).toBe(
    'the registry refuses it: data: its schema failed with RangeError: {"name":"Ada"} is odd; it must return issues instead of throwing',
  );
});
