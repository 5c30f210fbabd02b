import { expect, test } from 'vitest';
import { pack } from '../../relay/pack.ts';
import type { Prepared } from '../../relay/prepare.ts';
import { KINESIS_LIMITS } from '../../relay/publisher.ts';
import { createWindow, type KeyState } from '../../relay/window.ts';

let id = 0;
const record = (key: string, bytes = 100): Prepared => ({
  row: { id: ++id, type: 'T', key, bucket: 1 },
  kind: 'record',
  data: new Uint8Array(bytes),
  bytes,
});
const epochs = new Map([[1, 7]]);
function filled(...prepared: Prepared[]) {
  const window = createWindow();
  window.add(prepared, epochs);
  return window;
}
const keysOf = (requests: KeyState[][]) => requests.map((request) => request.map(({ key }) => key));
const packed = (window: ReturnType<typeof createWindow>, limits = {}, slots = 4, now = 0) =>
  pack(window.ready(now), { ...KINESIS_LIMITS, ...limits }, slots);

test('a request carries one record per key, and the next only after the first is done', () => {
  const window = filled(record('a'), record('a'), record('b'));
  const [request] = packed(window);
  expect(keysOf([request!])).toEqual([['a', 'b']]);
  for (const state of request!) window.sent(state);
  expect(packed(window)).toEqual([]);
  const [a] = request!;
  window.done(a!);
  expect(keysOf(packed(window))).toEqual([['a']]);
});

test('a record that failed stays the first of its key, and waits', () => {
  const first = record('a');
  const window = filled(first, record('a'));
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state);
  window.retry(state, { notBefore: 50 });
  expect(packed(window, {}, 4, 49)).toEqual([]);
  expect(window.nextRetry(0)).toBe(50);
  expect(packed(window, {}, 4, 50)[0]![0]!.rows[0]).toBe(first);
});

test('requests keep the limits of records and bytes, and their number', () => {
  const window = filled(...['a', 'b', 'c', 'd', 'e'].map((key) => record(key, 40)));
  expect(keysOf(packed(window, { requestRecords: 2 }))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(keysOf(packed(window, { requestBytes: 100 }))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(keysOf(packed(window, { requestRecords: 2 }, 2))).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(packed(window, {}, 0)).toEqual([]);
});

test('a key that has to be alone is', () => {
  const window = filled(record('a'), record('b'), record('c'));
  const states = [...window.ready(0)];
  states[1]!.alone = true;
  expect(keysOf(packed(window)).toSorted()).toEqual([['a', 'c'], ['b']]);
});

test('a key is known until its last row is settled, and a request in doubt is over', () => {
  const window = filled(record('a'));
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state);
  window.retry(state, { notBefore: 0, doubtUntil: 100 });
  window.sent(state);
  window.done(state);
  expect(window.keysByBucket(0).get(1)).toEqual(['a']);
  window.settled('a');
  expect(window.idle(1, 99)).toBe(false);
  expect(window.keysByBucket(99).get(1)).toEqual(['a']);
  expect(window.idle(1, 100)).toBe(true);
  expect(window.keysByBucket(100).get(1)).toBeUndefined();
});

test('a hot key leaves room: the rows beyond a prefix are claimed later', () => {
  const window = filled(...Array.from({ length: 100 }, () => record('hot')), record('cold'));
  expect(window.rows).toBe(33);
  expect(keysOf(packed(window))).toEqual([['hot', 'cold']]);
});

test('keys take turns', () => {
  const window = filled(record('a'), record('a'), record('b'), record('b'));
  const [[first]] = packed(window, { requestRecords: 1 }, 1) as [[KeyState]];
  window.sent(first);
  window.done(first);
  expect(keysOf(packed(window, { requestRecords: 1 }, 1))).toEqual([['b']]);
});

test('when the window is more than half full, rows that wait for a retry make room', () => {
  const window = createWindow({ rows: 4, bytes: 1e9 });
  window.add([record('a'), record('b'), record('c')], epochs);
  const [a] = window.ready(0);
  window.sent(a!);
  window.retry(a!, { notBefore: 1_000 });
  expect(window.room(0)).toBe(2);
  expect(window.keysByBucket(0).get(1)).toContain('a');
  expect(window.keysByBucket(1_000).get(1)).not.toContain('a');
});

test('large events make the window smaller in rows', () => {
  const window = createWindow({ rows: 4_000, bytes: 1_000_000 });
  window.add([record('a', 100_000)], epochs);
  expect(window.room(0)).toBe(9);
});

test('when a bucket is lost, only what is in flight stays, until it is answered', () => {
  const window = filled(record('a'), record('a'), record('b'));
  const [a] = [...window.ready(0)];
  window.sent(a!);
  window.retain(() => false);
  expect(window.rows).toBe(1);
  window.done(a!);
  expect(packed(window)).toEqual([]);
});

test('behind a poison row nothing of its key goes', () => {
  const window = filled(record('a'), record('a'));
  const [state] = [...window.ready(0)];
  window.poison(state!, 'why');
  window.done(state!);
  expect(window.rows).toBe(0);
  expect(window.keysByBucket(0).get(1)).toEqual(['a']);
});
