import { expect, test } from 'vitest';
import { maskData } from '../../outbox/mask.ts';

const data = {
  email: 'ada@example.org',
  customer: { email: 'ada@example.org', id: 42, vip: true, tags: ['x', 'y'] },
  items: [
    { sku: 'A-1', note: 'for Ada' },
    { sku: 'B-2', note: '' },
  ],
  note: null,
};
const masked = (...personal: string[]) =>
  JSON.parse(
    maskData(
      JSON.stringify(data),
      personal.map((path) => path.split('.')),
    ),
  ) as typeof data;

test('a place is masked from the root on; what kind of value it is and about how long stay', () => {
  expect(masked('email')).toEqual({ ...data, email: '(text, 9 to 32 characters)' });
  expect(masked('customer.email', 'note')).toEqual({
    ...data,
    customer: { ...data.customer, email: '(text, 9 to 32 characters)' },
  });
});

test('entries of lists, whole lists, objects, numbers and booleans are masked by their kind', () => {
  expect(masked('items.*.note').items).toEqual([
    { sku: 'A-1', note: '(text, 1 to 8 characters)' },
    { sku: 'B-2', note: '' },
  ]);
  expect(masked('customer.*').customer).toEqual({
    email: '(text, 9 to 32 characters)',
    id: '(number)',
    vip: '(boolean)',
    tags: '(list, 1 to 8 entries)',
  });
  expect(masked('customer', 'customer.id').customer).toBe('(object)');
});

test('a value of any length is in a class, and nothing of it shows', () => {
  const of = (length: number) => maskData(JSON.stringify({ a: 'ß'.repeat(length) }), [['a']]);
  expect([1, 8, 9, 1_024, 1_025].map(of)).toEqual([
    '{"a":"(text, 1 to 8 characters)"}',
    '{"a":"(text, 1 to 8 characters)"}',
    '{"a":"(text, 9 to 32 characters)"}',
    '{"a":"(text, 129 to 1024 characters)"}',
    '{"a":"(text, more than 1024 characters)"}',
  ]);
});

test('where something is personal, a text that no parser reads is not shown; without it all is, to the byte', () => {
  expect(maskData('{"email": ada', [['email']])).toBe('"(13 bytes that no JSON parser reads)"');
  expect(maskData('{"total": 1.10}', [])).toBe('{"total": 1.10}');
});

test('members with names that JavaScript uses itself are members like others', () => {
  expect(maskData('{"__proto__":{"a":"x"},"constructor":"y"}', [['constructor']])).toBe(
    '{"__proto__":{"a":"x"},"constructor":"(text, 1 to 8 characters)"}',
  );
});

test('what stands in the way of a personal place is masked itself: parked data is often not as it was declared', () => {
  const of = (text: string, ...paths: string[]) =>
    maskData(
      text,
      paths.map((path) => path.split('.')),
    );
  expect(of('{"customer":"ada@example.org"}', 'customer.email')).toBe(
    '{"customer":"(text, 9 to 32 characters)"}',
  );
  expect(of('{"customer":["Ada"]}', 'customer.email')).toBe('{"customer":"(list, 1 to 8 entries)"}');
  expect(of('{"lines":{"note":"for Ada","sku":7}}', 'lines.*.note')).toBe(
    '{"lines":{"note":"(text, 1 to 8 characters)","sku":"(number)"}}',
  );
  expect(of('"ada@example.org"', 'email')).toBe('"(text, 9 to 32 characters)"');
  expect(of('{"customer":null,"lines":[["Ada"]]}', 'customer.email', 'lines.*.note')).toBe(
    '{"customer":null,"lines":["(list, 1 to 8 entries)"]}',
  );
  expect(of('{"list":["Ada","Bob"]}', 'list.0')).toBe('{"list":["(text, 1 to 8 characters)","Bob"]}');
});
