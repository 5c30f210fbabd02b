import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { toCloudEvent } from '../../outbox/envelope.ts';
import type { NewEvent } from '../../outbox/event.ts';
import { InvalidEventError } from '../../outbox/invalid-event.ts';

const placed = (more: Partial<Record<keyof NewEvent, unknown>> = {}) =>
  ({ type: 'OrderPlaced', aggregate: { type: 'order', id: 1 }, data: {}, ...more }) as NewEvent;

async function statementsOf(event: NewEvent | NewEvent[], recordLimit?: number) {
  const statements: { sql: string; values: unknown[] }[] = [];
  const ids = await append(async (sql, values) => void statements.push({ sql, values }), event, {
    recordLimit,
  });
  return { ids, statements };
}

async function mistakesOf(event: NewEvent | NewEvent[], recordLimit?: number): Promise<readonly string[]> {
  const statements: string[] = [];
  const failed = await append(async (sql) => void statements.push(sql), event, { recordLimit }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(statements).toHaveLength(failed === undefined ? 1 : 0);
  if (failed === undefined) return [];
  expect(failed).toBeInstanceOf(InvalidEventError);
  return (failed as InvalidEventError).mistakes;
}

test('one statement takes any number of events, with a placeholder per value', async () => {
  const { ids, statements } = await statementsOf([placed(), placed({ time: new Date(1e12) }), placed()]);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(3);
  expect(statements).toHaveLength(1);
  expect(statements[0]!.sql.match(/\?/g)).toHaveLength(statements[0]!.values.length);
});

test('no event is no statement', async () => {
  expect(await statementsOf([])).toEqual({ ids: [], statements: [] });
});

test('an id that is given is kept, others are random', async () => {
  const { ids } = await statementsOf([placed({ id: 'mine' }), placed()]);
  expect(ids[0]).toBe('mine');
  expect(ids[1]).toMatch(/^[0-9a-f-]{36}$/);
});

test('all mistakes of all events come at once, and nothing is sent', async () => {
  const bad = placed({
    id: 'ü',
    source: 'not a uri',
    type: '',
    aggregate: { type: 'a:b', id: 1.5 },
    time: new Date(NaN),
    extensions: { Traceparent: 'x', id: 'y', half: 1.5 },
    data: { price: 1n },
  });
  const mistakes = await mistakesOf([placed(), bad]);
  expect(mistakes.map((mistake) => /^event 2: ([^:]+):/.exec(mistake)?.[1])).toEqual([
    'id',
    'source',
    'type',
    'aggregate.type',
    'aggregate.id',
    'time',
    'extensions.Traceparent',
    'extensions.id',
    'extensions.half',
    'data.price',
  ]);
});

test.each<[string, Partial<Record<keyof NewEvent, unknown>>]>([
  ['an event without anything', { type: undefined, aggregate: undefined, data: undefined }],
  ['an id of 65 characters', { id: 'x'.repeat(65) }],
  ['an id with a space', { id: 'a b' }],
  ['an empty id', { id: '' }],
  ['a type of 191 characters', { type: 'x'.repeat(191) }],
  ['a type with a line break', { type: 'Order\nPlaced' }],
  ['an aggregate type of 65 characters', { aggregate: { type: 'x'.repeat(65), id: 1 } }],
  ['an empty aggregate id', { aggregate: { type: 'order', id: '' } }],
  ['an aggregate id of 191 characters', { aggregate: { type: 'order', id: 'x'.repeat(191) } }],
  ['half a character in the key', { aggregate: { type: 'order', id: '\ud800' } }],
  ['a number that lost digits as the aggregate id', { aggregate: { type: 'order', id: 2 ** 60 } }],
  ['a key above 256 characters as Kinesis counts', { aggregate: { type: 'order', id: '😀'.repeat(130) } }],
  ['a source with a space', { source: '/mono lith' }],
  ['a time before 1970', { time: new Date(-1) }],
  ['a time after 2038', { time: new Date('2038-01-19T03:14:08Z') }],
  ['a time that is text', { time: '2026-01-01' }],
  ['an extension that is an object', { extensions: { a: {} } }],
  ['an extension of more than 32 bits', { extensions: { a: 2 ** 31 } }],
])('refused: %s', async (_, more) => {
  expect((await mistakesOf(placed(more))).length).toBeGreaterThan(0);
});

const cycle: Record<string, unknown> = {};
cycle['self'] = { cycle };
test.each<[string, unknown, string]>([
  ['undefined', undefined, 'data: is undefined'],
  ['undefined in an array', { list: [1, undefined] }, 'data.list[1]: is undefined'],
  ['a bigint', { a: [{ b: 1n }] }, "data.a[0].b: is a bigint, which JSON doesn't have; write it as a string"],
  ['NaN', { a: NaN }, 'data.a: is NaN'],
  ['Infinity', [-Infinity], 'data[0]: is -Infinity'],
  ['a function', { a: () => 1 }, 'data.a: is a function'],
  ['a symbol', Symbol('x'), 'data: is a symbol'],
  ['a Map', { a: new Map([[1, 2]]) }, 'data.a: is a Map or Set'],
  ['a cycle', cycle, "data: can't be written as JSON: Converting circular structure"],
  ['half a character', { a: '\udc00' }, 'data.a: has half a character'],
  ['more levels than MariaDB takes', JSON.parse('['.repeat(32) + ']'.repeat(32)), 'is nested deeper than 31'],
])('data that JSON would lose or change is refused, with its path: %s', async (_, data, message) => {
  const mistakes = await mistakesOf(placed({ data }));
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(message);
});

test.each([null, false, 0, '', [], { left: undefined, out: 1 }, new Date(0), { same: [cycle['x'] ?? 1] }])(
  'data that JSON holds is taken: %j',
  async (data) => {
    const { statements } = await statementsOf(placed({ data }));
    expect(statements[0]!.values).toContain(JSON.stringify(data));
  },
);

test('the same id twice in one call is a mistake', async () => {
  expect(await mistakesOf([placed({ id: 'a' }), placed({ id: 'a' })])).toEqual([
    expect.stringContaining("'a' is given more than once"),
  ]);
});

test('more events than one statement takes are refused', async () => {
  expect(await mistakesOf(Array.from({ length: 5_001 }, () => placed()))).toEqual([
    expect.stringContaining('at most 5000'),
  ]);
});

test('the record limit is met to the byte, envelope and key included', async () => {
  const event = placed({
    id: 'ev',
    extensions: { tenant: 'Käse', ok: true },
    aggregate: { type: 'ördér', id: '1€' },
    data: { text: 'x'.repeat(1_000) + '😀' },
    time: new Date(1e12),
  });
  const record = toCloudEvent({
    id: 1,
    event_id: 'ev',
    source: '/monolith',
    type: 'OrderPlaced',
    aggregate_type: 'ördér',
    aggregate_id: '1€',
    partition_key: 'ördér:1€',
    bucket: 0,
    occurred_at: '2026-11-24 09:00:00.000001',
    appended_at: '2026-11-24 09:00:00.000001',
    data: JSON.stringify(event.data),
    extensions: JSON.stringify(event.extensions),
  });
  const size = Buffer.byteLength(record) + Buffer.byteLength('ördér:1€');
  expect(await mistakesOf(event, size)).toEqual([]);
  expect(await mistakesOf(event, size - 1)).toEqual([
    expect.stringMatching(new RegExp(`${size} bytes .* takes ${size - 1}: store the large part elsewhere`)),
  ]);
});

test('without a limit given, a record of 1 MiB is the largest', async () => {
  expect(await mistakesOf(placed({ data: 'x'.repeat(1_048_576) }))).toEqual([
    expect.stringContaining('the stream takes 1048576'),
  ]);
  expect(await mistakesOf(placed({ data: 'x'.repeat(1_000_000) }))).toEqual([]);
});
