import { expect, test } from 'vitest';
import type { OutboxRow } from '../../outbox/envelope.ts';
import type { RowChange, Translate } from '../../outbox/row-change.ts';
import { prepare } from '../../relay/prepare.ts';
import { KINESIS_LIMITS } from '../../relay/publisher.ts';

const row: OutboxRow = {
  id: 1,
  event_id: 'e-1',
  source: '/monolith',
  type: 'row.catalogue.update',
  aggregate_type: 'product',
  aggregate_id: '5',
  partition_key: 'product:5',
  bucket: 3,
  occurred_at: '2026-01-02 03:04:05.000006',
  appended_at: '2026-01-02 03:04:05.000007',
  data: '{"op":"update","table":"products","before":{"price":"1.10"},"after":{"price":"2.50"}}',
  extensions: null,
};
const translated = (translate: Translate) =>
  prepare(row, KINESIS_LIMITS, (name) => (name === 'catalogue' ? translate : undefined));
const envelope = (prepared: ReturnType<typeof prepare>) =>
  JSON.parse(Buffer.from(prepared.kind === 'record' ? prepared.data : []).toString()) as Record<
    string,
    unknown
  >;

test('a row change becomes the domain event that its translation makes, with its own id, time and key', () => {
  const prepared = translated((change: RowChange, { aggregateId }) => ({
    type: 'PriceChanged',
    data: { sku: aggregateId, from: change.before?.['price'], to: change.after?.['price'] },
  }));
  expect(envelope(prepared)).toMatchObject({
    id: 'e-1',
    type: 'PriceChanged',
    time: '2026-01-02T03:04:05.000006Z',
    partitionkey: 'product:5',
    data: { sku: '5', from: '1.10', to: '2.50' },
  });
  expect(prepared.row.type).toBe('row.catalogue.update');
});

test('without a translation it stays the row change that it is', () => {
  expect(envelope(prepare(row, KINESIS_LIMITS, () => undefined))).toMatchObject({
    type: 'row.catalogue.update',
  });
  expect(envelope(prepare(row, KINESIS_LIMITS))).toMatchObject({ type: 'row.catalogue.update' });
});

test('what means nothing outside is silent', () => {
  expect(translated(() => undefined)).toMatchObject({ kind: 'silent' });
  expect(translated(() => null as unknown as undefined)).toMatchObject({ kind: 'silent' });
});

test('a translation that throws, or returns no event, makes poison with the reason', () => {
  expect(
    translated(() => {
      throw new Error('no such sku');
    }),
  ).toMatchObject({ kind: 'poison', reason: "the translation of capture 'catalogue' failed: no such sku" });
  expect(translated(throwing)).toMatchObject({
    reason: "the translation of capture 'catalogue' failed: late",
  });
});

const throwing = (): undefined => {
  throw 'late';
};

test.each<[unknown, string]>([
  [{ type: '', data: 1 }, 'type: is empty, it must have 1 to 190 characters'],
  [{ type: 'x'.repeat(191), data: 1 }, 'type: has 191 characters, at most 190 fit'],
  [
    { type: 'Price\nChanged', data: 1 },
    'type: is "Price\\nChanged": a control character or half a character',
  ],
  [{ type: 5, data: 1 }, 'type: is 5, it must be a string or a whole number'],
  [{ data: 1 }, 'type: is undefined, it must be a string'],
  [{ type: 'T' }, "data: is undefined, which JSON doesn't have; write null"],
  [{ type: 'T', data: { n: 5n } }, "data.n: is a bigint, which JSON doesn't have; write it as a string"],
  [{ type: 'T', data: [Number.NaN] }, "data[0]: is NaN, which JSON doesn't have"],
  [{ type: 'T', data: new Map() }, 'data: is a Map or Set, which JSON makes {}'],
  [{ type: 'T', data: () => 1 }, "data: is a function, which JSON doesn't have"],
  ['PriceChanged', 'it must be an object with type and data, or undefined'],
  [[], 'it must be an object with type and data, or undefined'],
  [false, 'it must be an object with type and data, or undefined'],
  [Promise.resolve(), 'it is a promise; a translation answers at once'],
])('a translation that returns %o makes poison with the reason', (returned, reason) => {
  expect(translated(() => returned as never)).toMatchObject({
    kind: 'poison',
    reason: `the translation of capture 'catalogue' returned no event: ${reason}`,
  });
});

test('an async translation that fails makes poison too, and does not bring the relay down', async () => {
  const failing = async () => {
    throw new Error('later');
  };
  expect(translated(failing as unknown as Translate)).toMatchObject({ kind: 'poison' });
  // Long enough for Node to complain about a rejection that nobody took, which fails the run.
  await new Promise((resolve) => setImmediate(resolve));
});

test('a type of 190 characters is one, however many bytes they are, and data may be nested deeply', () => {
  const type = '🙈'.repeat(190);
  let data: unknown = 1;
  for (let depth = 0; depth < 200; depth++) data = [data];
  expect(envelope(translated(() => ({ type, data })))).toMatchObject({ type, data });
});

test.each(['event_id', 'source', 'type'] as const)(
  'a row with an empty %s, which consumers would pass over, is poison',
  (name) => {
    expect(prepare({ ...row, type: 'T', [name]: '' }, KINESIS_LIMITS)).toMatchObject({
      kind: 'poison',
      reason: `${name} must not be empty: consumers would pass the event over`,
    });
  },
);

test('what is too large for the stream is poison, measured with its key', () => {
  const { bytes } = prepare(row, KINESIS_LIMITS) as { bytes: number };
  expect(prepare(row, { ...KINESIS_LIMITS, recordBytes: bytes })).toMatchObject({ kind: 'record' });
  expect(prepare(row, { ...KINESIS_LIMITS, recordBytes: bytes - 1 })).toMatchObject({
    kind: 'poison',
    reason: expect.stringMatching(
      `^the record has ${bytes} bytes with its key, the stream takes ${bytes - 1}: raise the limit of the stream .* redrive it, or give it up`,
    ),
  });
});
