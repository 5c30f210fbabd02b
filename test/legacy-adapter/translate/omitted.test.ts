import { expect, test } from 'vitest';
import type { OutboxRow } from '../../../outbox/envelope.ts';
import type { Translate } from '../../../legacy-adapter/index.ts';
import { guardOmitted } from '../../../legacy-adapter/translate/row-change.ts';
import { prepare } from '../../../relay/prepare.ts';
import { KINESIS_LIMITS } from '../../../relay/publisher.ts';

const row: OutboxRow = {
  id: 1,
  event_id: 'e-1',
  source: '/capture/catalogue',
  type: 'row.catalogue.update',
  aggregate_type: 'product',
  aggregate_id: '5',
  partition_key: 'product:5',
  bucket: 3,
  occurred_at: '2026-01-02 03:04:05.000006',
  appended_at: '2026-01-02 03:04:05.000007',
  data: '{"op":"update","table":"product","omitted":["manual"],"before":{"price":"1.10"},"after":{"price":"2.50"}}',
  extensions: null,
};
const reason = "the event leaves out 'manual'";
const prepared = (translate?: Translate, data = row.data) =>
  prepare({ ...row, data }, KINESIS_LIMITS, () => translate && guardOmitted(translate));

test('a translation that needs none of the columns that an event leaves out goes on', () => {
  const price: Translate = ({ after }) => ({ type: 'PriceChanged', data: { price: after?.['price'] } });
  expect(prepared(price)).toMatchObject({ kind: 'record' });
});

test.each<[string, Translate]>([
  ['reads it', ({ before }) => ({ type: 'T', data: before?.['manual'] })],
  ['copies the row', ({ after }) => ({ type: 'T', data: { ...after } })],
  ['passes the row on', ({ after }) => ({ type: 'T', data: after })],
])('an event that leaves out a column is parked with the reason by a translation that %s', (_, translate) => {
  expect(prepared(translate)).toMatchObject({ kind: 'poison', reason: expect.stringContaining(reason) });
});

test('a translation can see what is missing, and say so in its own way', () => {
  const seen: unknown[] = [];
  const silent: Translate = ({ omitted }) => void seen.push(omitted);
  expect(prepared(silent)).toMatchObject({ kind: 'silent' });
  expect(prepared(silent, '{"op":"insert","before":null,"after":{}}')).toMatchObject({ kind: 'silent' });
  expect(seen).toEqual([['manual'], undefined]);
});

test('without a translation an event reaches the stream as it is, with the names of what it leaves out', () => {
  const sent = prepared();
  const text = Buffer.from(sent.kind === 'record' ? sent.data : []).toString();
  expect(JSON.parse(text)).toMatchObject({ data: { omitted: ['manual'], after: { price: '2.50' } } });
});
