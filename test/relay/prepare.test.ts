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
});

test('a translation that throws, or returns no event, makes poison with the reason', () => {
  expect(
    translated(() => {
      throw new Error('no such sku');
    }),
  ).toMatchObject({ kind: 'poison', reason: "the translation of capture 'catalogue' failed: no such sku" });
  expect(translated(() => ({ type: 'PriceChanged', data: undefined }))).toMatchObject({
    kind: 'poison',
    reason: expect.stringContaining('returned no event'),
  });
});

test('what is too large for the stream is poison, measured with its key', () => {
  const { bytes } = prepare(row, KINESIS_LIMITS) as { bytes: number };
  expect(prepare(row, { ...KINESIS_LIMITS, recordBytes: bytes })).toMatchObject({ kind: 'record' });
  expect(prepare(row, { ...KINESIS_LIMITS, recordBytes: bytes - 1 })).toMatchObject({
    kind: 'poison',
    reason: `the record has ${bytes} bytes with its key, the stream takes ${bytes - 1}`,
  });
});
