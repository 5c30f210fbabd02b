import { expect, test } from 'vitest';
import type { PendingRow } from '../../outbox/find-pending.ts';
import { pack } from '../../relay/pack.ts';
import type { Prepared } from '../../relay/prepare.ts';
import { KINESIS_LIMITS } from '../../relay/publisher.ts';
import { hashOf, type ShardRange } from '../../relay/shard-range.ts';
import type { ShardState } from '../../relay/shard-states.ts';
import type { KeyState } from '../../relay/key-state.ts';
import { createWindow } from '../../relay/window.ts';

let id = 0;
const record = (key: string, bytes = 100): Prepared => ({
  row: { id: ++id, type: 'T', key, bucket: 1 },
  kind: 'record',
  data: new Uint8Array(bytes),
  bytes,
});
const HELD = { bucket: 1, epoch: 7 };
const epochs = new Map([[1, 7]]);
function filled(...prepared: Prepared[]) {
  const window = createWindow();
  window.add(prepared, epochs);
  return window;
}
const keysOf = (requests: KeyState[][]) => requests.map((request) => request.map(({ key }) => key));
const packed = (window: ReturnType<typeof createWindow>, limits = {}, slots = 4, now = 0) =>
  pack(window.ready(now), { ...KINESIS_LIMITS, aggregation: 'none', ...limits }, slots, now);
const pending = (key: string, bytes = 100): PendingRow => ({
  id: ++id,
  partition_key: key,
  bucket: 1,
  bytes,
});
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
// MD5: the keys a1, a2, ... whose hash is in the lower half are of shard 'low', the others of 'high'.
const HALVES: ShardRange[] = [
  { shardId: 'low', from: '0'.repeat(32) },
  { shardId: 'high', from: `8${'0'.repeat(31)}` },
];
const ofShard = (shard: 'low' | 'high', count: number) =>
  names('a', 10 * count + 100)
    .filter((key) => hashOf(key) < HALVES[1]!.from === (shard === 'low'))
    .slice(0, count);
function twoShards(size: { rows: number; bytes: number }, ...prepared: Prepared[]) {
  const window = createWindow(size);
  window.reshard(HALVES);
  window.add(prepared, epochs);
  return window;
}

test('a request carries one record per key, and the next only after the first is done', () => {
  const window = filled(record('a'), record('a'), record('b'));
  const [request] = packed(window);
  expect(keysOf([request!])).toEqual([['a', 'b']]);
  for (const state of request!) window.sent(state, 0);
  expect(packed(window)).toEqual([]);
  const [a] = request!;
  window.done(a!);
  expect(keysOf(packed(window))).toEqual([['a']]);
});

test('a record that failed stays the first of its key, and waits', () => {
  const first = record('a');
  const window = filled(first, record('a'));
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state, 0);
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

test('the rows of a packed record are done together, and after an answer that got lost no more are sent than before', () => {
  const window = filled(record('a'), record('a'), record('a'), record('b'));
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state, 0, { rows: 2, bytes: 300 });
  window.retry(state, { notBefore: 0 });
  expect(state.rows).toHaveLength(3);
  window.sent(state, 0, { rows: 2, bytes: 300 });
  expect(window.done(state).map(({ key }) => key)).toEqual(['a', 'a']);
  expect([state.rows.length, state.unsettled, window.rows]).toEqual([1, 2, 2]);
});

test('rows that go apart go alone, one by one, and what is behind them is packed again', () => {
  const window = filled(record('a'), record('a'), record('a'), record('a'));
  const [[state]] = packed(window) as [[KeyState]];
  Object.assign(state, { apart: 2, most: 1, alone: true });
  window.sent(state, 0);
  window.done(state);
  expect([state.most, state.alone]).toEqual([1, true]);
  window.sent(state, 0);
  window.done(state);
  expect([state.most, state.alone]).toEqual([Infinity, false]);
});

test('a key that has many rows and more in the outbox tells when it is free to be claimed again', () => {
  const window = createWindow();
  const rows = Array.from({ length: 16 }, () => record('hot'));
  const coldRow = record('cold');
  window.add([...rows, coldRow], epochs, new Set([1]));
  const [hot, cold] = [...window.ready(0)] as [KeyState, KeyState];
  window.sent(hot, 0, { rows: 16, bytes: 1_600 });
  window.done(hot);
  window.done(cold);
  expect(rows.map(({ row }) => window.settled(row))).toEqual([...rows.slice(1).map(() => false), true]);
  expect(window.settled(coldRow.row)).toBe(false);
});

test('a key that has to be alone is', () => {
  const window = filled(record('a'), record('b'), record('c'));
  const states = [...window.ready(0)];
  states[1]!.alone = true;
  expect(keysOf(packed(window)).toSorted()).toEqual([['a', 'c'], ['b']]);
});

test('a key is known until its last row is settled, and a request in doubt is over', () => {
  const row = record('a');
  const window = filled(row);
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state, 0);
  window.retry(state, { notBefore: 0, doubtUntil: 100 });
  window.sent(state, 0);
  window.done(state);
  const known = (now: number) => {
    window.beginLook([HELD], now);
    return window.keys;
  };
  expect(known(0)).toBe(1);
  window.settled(row.row);
  expect(window.idle(1, 99)).toBe(false);
  expect(known(99)).toBe(1);
  expect(window.idle(1, 100)).toBe(true);
  expect(known(100)).toBe(0);
});

/** The rows of a window as a look finds them again. */
const again = ({ row: { id, key, bucket } }: Prepared): PendingRow => ({
  id,
  partition_key: key,
  bucket,
  bytes: 100,
});

test('what is found behind the rows of a key that are here goes behind them, and is not taken twice', () => {
  const rows = [record('a'), record('a')];
  const window = filled(...rows);
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state, 0);
  window.done(state);
  // The first is done and not settled: it is found once more, too.
  expect(window.beginLook([HELD], 0).get(1)).toMatchObject({ without: [], rows: 2 });
  const next = record('a');
  expect(window.choose([...rows, next].map(again)).rows).toEqual([again(next)]);
  window.add([next], epochs);
  expect(state.rows).toEqual([rows[1], next]);
});

test('a row that was settled while the look found it is not taken again', () => {
  const [first, second] = [record('a'), record('a')];
  const window = filled(first, second);
  const [[state]] = packed(window) as [[KeyState]];
  window.sent(state, 0);
  window.beginLook([HELD], 0);
  window.done(state);
  window.settled(first.row);
  expect(window.choose([first, second].map(again)).rows).toEqual([]);
  expect(state.closed).toBe(false);
});

test('a row that turns up before those of its key that are here closes the key, until it is claimed anew', () => {
  const [late, first, behind] = [record('a'), record('a'), record('a')];
  const window = filled(first);
  const [[state]] = packed(window) as [[KeyState]];
  window.beginLook([HELD], 0);
  expect(window.choose([late, first, behind].map(again)).rows).toEqual([]);
  window.sent(state, 0);
  window.done(state);
  expect(window.beginLook([HELD], 0).get(1)!.without).toEqual(['a']);
  window.settled(first.row);
  expect(window.beginLook([HELD], 0).get(1)!.without).toEqual([]);
  expect(window.choose([late, behind].map(again)).rows).toEqual([late, behind].map(again));
});

test('a key gets nothing behind its rows while its first row fails, when it has all it takes, or its lease is another', () => {
  const window = createWindow({ rowsPerKey: 2 });
  const rows = [record('failing'), record('full'), record('full'), record('fine')];
  window.add(rows, epochs);
  const [failing] = window.ready(0) as unknown as [KeyState];
  window.sent(failing, 0);
  window.retry(failing, { notBefore: 10 });
  expect(window.beginLook([HELD], 0).get(1)!.without).toEqual(['failing', 'full']);
  const later = { bucket: 1, epoch: 8 };
  expect(window.beginLook([later], 0).get(1)!.without.toSorted()).toEqual(['failing', 'fine', 'full']);
  window.add([record('fine')], new Map([[1, 8]]));
  expect(window.rows).toBe(4);
});

test('a hot key leaves room: the rows beyond a prefix are claimed later', () => {
  const found = [...Array.from({ length: 100 }, () => pending('hot')), pending('cold')];
  expect(createWindow().choose(found).rows).toEqual([...found.slice(0, 32), found[100]]);
});

test('the key with the oldest event goes first', () => {
  const window = filled(record('a'), record('b'), record('a'), record('b'));
  const next = () => packed(window, { requestRecords: 1 }, 1)[0]![0]!;
  const keys = Array.from({ length: 4 }, () => {
    const state = next();
    window.sent(state, 0);
    window.done(state);
    return state.key;
  });
  expect(keys).toEqual(['a', 'b', 'a', 'b']);
  // One that was sent later and is older still.
  window.add([record('old'), record('new'), record('newer')], epochs);
  const old = next();
  window.sent(old, 0);
  expect(next().key).toBe('new');
  window.retry(old, { notBefore: 0 });
  expect(next().key).toBe('old');
});

test('a shard takes its share of the window and leaves the rest to the others', () => {
  const [low, high] = [ofShard('low', 200), ofShard('high', 1)];
  const window = twoShards({ rows: 100, bytes: 1e9 });
  const found = [...low, ...high].map((key) => pending(key));
  const { rows } = window.choose(found);
  expect(rows).toEqual([...found.slice(0, 50), found[200]]);
});

test('what stands before the others because its shard has no room is counted, and nothing else', () => {
  const low = ofShard('low', 70);
  const window = twoShards({ rows: 100, bytes: 1e9 });
  expect(window.choose(low.map((key) => pending(key))).passedOver).toEqual(new Map());
  const known = low.slice(0, 50).map((key) => record(key));
  window.add(known, epochs);
  const others = [...low.slice(50), ...ofShard('high', 3)].map((key) => pending(key));
  const { rows, passedOver } = window.choose([...known.map(again), ...others]);
  expect([rows.length, passedOver.get(1)]).toEqual([3, 20]);
});

test('there is room when some shard has five eighths of its share free', () => {
  const [low, high] = [ofShard('low', 50), ofShard('high', 50)];
  const window = twoShards({ rows: 100, bytes: 1e9 }, ...low.map((key) => record(key)));
  expect(window.room()).toBe(50);
  window.add(
    high.slice(0, 19).map((key) => record(key)),
    epochs,
  );
  expect(window.room()).toBe(0);
  window.done([...window.ready(0)].find(({ key }) => key === high[0])!);
  expect(window.room()).toBe(32);
});

test('large events make the share smaller in rows, yet one of any size is taken', () => {
  const window = twoShards({ rows: 4_000, bytes: 2_000_000 });
  const large = ofShard('low', 30).map((key) => pending(key, 100_000));
  expect(window.choose(large).rows).toHaveLength(10);
  const huge = ofShard('low', 3).map((key) => pending(key, 5_000_000));
  expect(window.choose(huge).rows).toHaveLength(1);
});

test('what is chosen of a key is a prefix, whatever the size of its rows', () => {
  const [key] = ofShard('low', 1) as [string];
  const window = twoShards({ rows: 4_000, bytes: 2_000_000 });
  const found = [pending(key, 100), pending(key, 1_200_000), pending(key, 100)];
  expect(window.choose(found).rows).toEqual(found.slice(0, 2));
});

test('what is known of a failing key stays, and the key excluded, however many wait', () => {
  const window = twoShards({ rows: 4, bytes: 1e9 }, ...ofShard('low', 40).map((key) => record(key)));
  const [state] = window.ready(0) as unknown as [KeyState];
  for (const at of [10, 20, 30]) {
    window.sent(state, 0);
    window.retry(state, { notBefore: at });
  }
  Object.assign(state, { alone: true, refusedAt: 30 });
  expect(window.room()).toBe(32);
  expect(window.beginLook([HELD], 1e6).get(1)!.without).toContain(state.key);
  expect([...window.ready(1e6)].find(({ key }) => key === state.key)).toMatchObject({
    attempts: 3,
    alone: true,
    refusedAt: 30,
  });
});

test('a shard that takes nothing has one record in requests, after a pause; others are sent at once', () => {
  const [low, high] = [ofShard('low', 30), ofShard('high', 30)];
  const window = twoShards({ rows: 4_000, bytes: 1e9 }, ...[...low, ...high].map((key) => record(key)));
  const [shard] = [...window.ready(0)].map((state) => state.shard) as [ShardState];
  shard.pace.answered({ acknowledged: 0, failed: 30, bytes: 0, sentAt: 0 }, 1);
  const due = shard.pace.readyAt(1);
  expect(due).toBeLessThanOrEqual(51);
  expect(window.nextRetry(1)).toBe(due);
  expect(keysOf(packed(window, {}, 4, 1))).toEqual([high]);
  const [request] = packed(window, {}, 4, due) as [KeyState[]];
  expect(request.map(({ key }) => key)).toEqual([low[0], ...high]);
  for (const state of request) window.sent(state, due);
  expect(packed(window, {}, 4, due)).toEqual([]);
});

test('when the stream is resharded, what is in memory counts for the new shards', () => {
  const keys = [...ofShard('low', 20), ...ofShard('high', 5)];
  const window = createWindow({ rows: 100, bytes: 1e9 });
  window.reshard([{ shardId: 'whole', from: '0'.repeat(32) }]);
  window.add(
    keys.map((key) => record(key)),
    epochs,
  );
  for (const state of [...window.ready(0)].slice(0, 3)) window.sent(state, 0);
  window.reshard(HALVES);
  expect(window.rows).toBe(25);
  expect([...window.ready(0)].map(({ shard }) => [shard.shardId, shard.rows, shard.inFlight])).toEqual([
    ...Array.from({ length: 17 }, () => ['low', 20, 3]),
    ...Array.from({ length: 5 }, () => ['high', 5, 0]),
  ]);
});

test('when a bucket is lost, only what is in flight stays, until it is answered', () => {
  const window = filled(record('a'), record('a'), record('b'));
  const [a] = [...window.ready(0)];
  window.sent(a!, 0);
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
  window.add([record('a')], epochs);
  expect(window.rows).toBe(0);
  expect(window.beginLook([HELD], 0).get(1)!.without).toEqual(['a']);
});
