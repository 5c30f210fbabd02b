import { expect, test } from 'vitest';
import { toCloudEvent, type OutboxRow } from '../../outbox/envelope.ts';

const row = (more: Partial<OutboxRow> = {}): OutboxRow => ({
  id: '18446744073709551615',
  event_id: 'ev-1',
  source: '/monolith',
  type: 'OrderPlaced',
  aggregate_type: 'order',
  aggregate_id: '5',
  partition_key: 'order:5',
  bucket: 7,
  occurred_at: '2026-11-24 09:00:00.000001',
  data: '{"total":1.10}',
  extensions: null,
  appended_at: '2026-11-24 09:00:01.5',
  ...more,
});

test('a row becomes a CloudEvents 1.0 envelope', () => {
  expect(JSON.parse(toCloudEvent(row()))).toEqual({
    specversion: '1.0',
    id: 'ev-1',
    source: '/monolith',
    type: 'OrderPlaced',
    subject: '5',
    time: '2026-11-24T09:00:00.000001Z',
    datacontenttype: 'application/json',
    partitionkey: 'order:5',
    recordedtime: '2026-11-24T09:00:01.500000Z',
    data: { total: 1.1 },
  });
});

test.each([
  '{"total":1.10}',
  '12345678901234567890',
  ' {\n "a" : "\\u00e9" } ',
  '"\\/"',
  'null',
  '{"a":1,"a":2}',
])('data stays what it is, byte for byte: %j', (data) => {
  const text = toCloudEvent(row({ data }));
  expect(text.endsWith(`,"data":${data}}`)).toBe(true);
  expect(() => JSON.parse(text)).not.toThrow();
});

test('extensions are attributes of the envelope, and never replace one of its own', () => {
  const extensions =
    '{"tenant":"acme","retry":3,"ok":true,"id":"x","data":"y","specversion":"9","__proto__":"z"}';
  const event = JSON.parse(toCloudEvent(row({ extensions })));
  expect(event).toMatchObject({ tenant: 'acme', retry: 3, ok: true, id: 'ev-1', specversion: '1.0' });
  expect(event.data).toEqual({ total: 1.1 });
});

test('an extension that CloudEvents has no form for is left out', () => {
  const event = JSON.parse(toCloudEvent(row({ extensions: '{"a":{},"b":null,"C":1,"d-e":1,"f":[1]}' })));
  for (const name of ['a', 'b', 'C', 'd-e', 'f']) expect(event).not.toHaveProperty([name]);
});

// MariaDB 10.11's JSON_VALID says yes to the first two.
test.each(['{"a":1.}', '"\\x"', '', 'no'])('data that no parser takes is refused: %j', (data) => {
  expect(() => toCloudEvent(row({ data }))).toThrow(/^event ev-1: data isn't JSON/);
});

test.each(['[]', '1', 'null', '"a"', '{'])('extensions that are no object are refused: %j', (extensions) => {
  expect(() => toCloudEvent(row({ extensions }))).toThrow(/^event ev-1: extensions /);
});

test('a time that is none is refused', () => {
  expect(() => toCloudEvent(row({ occurred_at: '2026-11-24T09:00:00Z' }))).toThrow(/occurred_at is/);
  expect(() => toCloudEvent(row({ appended_at: new Date() as unknown as string }))).toThrow(/appended_at is/);
});

test('the reason that data is no JSON says where, and quotes nothing of it', () => {
  const reason = (data: string) => {
    try {
      return toCloudEvent(row({ data }));
    } catch (error) {
      return `${(error as Error).message} ${String((error as Error).cause)}`;
    }
  };
  for (const data of ['{"name": Ada}', '{"name": "Ada"', 'Ada', '{"name": "Ada" "Lovelace"}'])
    expect(reason(data)).toMatch(/^event ev-1: data isn't JSON(?!.*(Ada|Lovelace))/);
});
