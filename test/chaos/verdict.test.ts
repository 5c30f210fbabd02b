import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Delivered, LeaseSample, Numbered, Written } from './history.ts';
import { judge, neverDone, type History } from './verdict.ts';

const event = (name: string): Numbered => ({ key: name[0]!, n: Number(name[1]), id: name });
const committed = (...names: string[]): Written => ({
  outcome: 'committed',
  at: 0,
  events: names.map(event),
});
const unknown = (...names: string[]): Written => ({ ...committed(...names), outcome: 'unknown' });
const undone = (...names: string[]): Written => ({ ...committed(...names), outcome: 'undone' });
/** 'a1' is one event, 'a1a2' two in one record; ids with a further letter are other events of the same number. */
const record = (text: string, { sender = 'A', at = 50 } = {}): Delivered => ({
  key: text[0]!,
  events: (text.match(/[a-z]\d[a-z]?(?=[a-z]\d|$)/g) ?? []).map(event),
  sender,
  at,
});
const history = (
  journal: readonly Written[],
  stream: readonly (string | Delivered)[],
  rest: Partial<History> = {},
) => ({
  journal,
  stream: stream.map((one) => (typeof one === 'string' ? record(one) : one)),
  leases: [],
  lag: [{ from: 100, to: 101, ageMs: 1_000 }],
  partialFailures: 20,
  lostAnswers: 20,
  twoOfAKey: 0,
  ...rest,
});
const ids = (found: readonly Numbered[]) => found.map(({ id }) => id);

/** The bucket of key `a` owned by these, one after the other, sampled every 10 ms from 0. */
const leases = (...owners: (readonly [owner: string | null, epoch: number])[]): LeaseSample[] =>
  owners.map(([owner, epoch], index) => ({
    from: index * 10,
    to: index * 10 + 1,
    leases: Array.from({ length: 64 }, (_, bucket) =>
      bucket === crc32('a') % 64 ? { owner, epoch } : { owner: 'C', epoch: 1 },
    ),
  }));

test('a history in which all is well has no violation, repeated records included', () => {
  const verdict = judge(
    history([committed('a1', 'b1'), committed('a2'), undone('a3')], ['a1', 'b1', 'a1', 'a1a2', 'a1']),
  );
  expect(verdict.violations).toEqual([]);
  expect(verdict).toMatchObject({ committed: 3, records: 5, duplicates: 3 });
});

test('a committed event that the stream does not have is lost', () => {
  const { lost, violations } = judge(history([committed('a1', 'a2')], ['a1']));
  expect(ids(lost)).toEqual(['a2']);
  expect(violations).toEqual([expect.stringContaining('lost: 1, first {"key":"a","n":2,"id":"a2"}')]);
});

test('a first delivery after a later event of its key is reordered, within a record too', () => {
  expect(ids(judge(history([committed('a1', 'a2', 'b1')], ['a2', 'b1', 'a1'])).reordered)).toEqual(['a1']);
  expect(ids(judge(history([committed('a1', 'a2')], ['a2a1'])).reordered)).toEqual(['a1']);
});

test('what was rolled back, and what nobody wrote, must not be in the stream', () => {
  const { aborted } = judge(history([committed('a1'), undone('a2')], ['a1', 'a2', 'c1']));
  expect(ids(aborted)).toEqual(['a2', 'c1']);
});

test('an unknown transaction was committed if the key went on from its number: then it must be there', () => {
  expect(judge(history([unknown('a1'), committed('a2')], ['a1', 'a2'])).violations).toEqual([]);
  expect(ids(judge(history([unknown('a1'), committed('a2')], ['a2'])).lost)).toEqual(['a1']);
});

test('an unknown transaction was undone if its number was given again: then it must not be there', () => {
  expect(judge(history([unknown('a1x'), committed('a1')], ['a1'])).violations).toEqual([]);
  expect(ids(judge(history([unknown('a1x'), committed('a1')], ['a1x', 'a1'])).aborted)).toEqual(['a1x']);
  const twice = judge(history([unknown('a1x'), unknown('a1y'), committed('a2')], ['a1x', 'a1y', 'a2']));
  expect(ids(twice.aborted)).toEqual(['a1y']);
  expect(twice.lost).toEqual([]);
});

test('a transaction is undone or committed as a whole: one of its numbers tells of all its events', () => {
  const undoneWhole = judge(history([unknown('a1x', 'a2x', 'b1x'), committed('a1')], ['a1', 'b1x']));
  expect(undoneWhole).toMatchObject({ lost: [], undecided: [] });
  expect(ids(undoneWhole.aborted)).toEqual(['b1x']);
  const committedWhole = judge(history([unknown('a1', 'b1'), committed('a2')], ['a1', 'a2']));
  expect(ids(committedWhole.lost)).toEqual(['b1']);
  const seenInPart = judge(history([unknown('a1', 'b1')], ['a1']));
  expect(ids(seenInPart.lost)).toEqual(['b1']);
});

test('an unknown transaction from which nobody went on makes the run void', () => {
  expect(judge(history([committed('a1'), unknown('a2')], ['a1'])).void).toContain(
    '1 transactions of which nobody knows whether they were committed',
  );
  expect(judge(history([committed('a1'), unknown('a2')], ['a1', 'a2'])).void).not.toContain(
    '1 transactions of which nobody knows whether they were committed',
  );
});

test('one late record per key and hand-over is allowed, a second is beyond', () => {
  const owned = leases(['A', 1], ['A', 1], ['B', 2], ['B', 2], ['B', 2], ['A', 3], ['A', 3]);
  const journal = [committed('a1', 'a2')];
  const stream = [
    record('a1', { at: 5 }),
    record('a1', { sender: 'B', at: 25 }),
    record('a2', { sender: 'B', at: 26 }),
    record('a1', { at: 35 }),
  ];
  expect(judge(history(journal, stream, { leases: owned }))).toMatchObject({
    late: 1,
    beyond: [],
    handOvers: 2,
  });
  const more = [...stream, record('a2', { at: 36 })];
  const { beyond, violations } = judge(history(journal, more, { leases: owned }));
  expect(beyond).toEqual([{ key: 'a', epoch: 1, records: 2 }]);
  expect(violations).toEqual([expect.stringContaining('late records beyond one per key and hand-over: 1')]);
});

test('a late record counts for the hand-over by which its sender lost the bucket, whoever has it when it comes', () => {
  const owned = leases(['A', 1], ['A', 1], ['B', 2], ['B', 2], ['D', 3], ['D', 3], ['D', 3]);
  const journal = [committed('a1', 'a2')];
  const first = [record('a1', { at: 5 }), record('a2', { sender: 'B', at: 25 })];
  const oneEach = [...first, record('a1', { at: 55 }), record('a2', { sender: 'B', at: 56 })];
  expect(judge(history(journal, oneEach, { leases: owned }))).toMatchObject({ late: 2, beyond: [] });
  const twoOfOne = [...first, record('a1', { at: 26 }), record('a1', { at: 55 })];
  expect(judge(history(journal, twoOfOne, { leases: owned })).beyond).toEqual([
    { key: 'a', epoch: 1, records: 2 },
  ]);
  const ofNoOwner = [...first, ...[26, 27].map((at) => record('a1', { sender: 'E', at }))];
  expect(judge(history(journal, ofNoOwner, { leases: owned })).beyond).toEqual([
    { key: 'a', epoch: 2, records: 2 },
  ]);
});

test('repeated records of unknown senders could hide late ones: too many make the run void', () => {
  const of = (count: number) => [
    record('a1'),
    ...Array.from({ length: count }, () => ({ ...record('a1'), sender: undefined })),
  ];
  expect(judge(history([committed('a1')], of(20))).void).toContain(
    '20 repeated records of which nobody saw who sent them',
  );
  expect(judge(history([committed('a1')], of(19))).void.join()).not.toContain('nobody saw');
});

test('who may have been the owner when he sent is not late: between two samples, and after he got it back', () => {
  const owned = leases(['A', 1], ['B', 2], ['B', 2], ['A', 3], ['A', 3]);
  const stream = [
    record('a1', { at: 2 }),
    ...[5, 35, 42].map((at) => record('a1', { at })),
    record('a1', { sender: 'B', at: 28 }),
  ];
  expect(judge(history([committed('a1')], stream, { leases: owned }))).toMatchObject({
    late: 0,
    duplicates: 4,
  });
});

test('a reading below the age of what was certainly committed and not sent is understated', () => {
  const journal: Written[] = [
    { outcome: 'committed', at: 100, events: [event('a1')] },
    { outcome: 'committed', at: 500, events: [event('a2')] },
  ];
  const stream = [record('a1', { at: 1_000 }), record('a2', { at: 1_100 })];
  const lag = [
    { from: 600, to: 620, ageMs: 500 },
    { from: 700, to: 720, ageMs: 580 },
    { from: 800, to: 820, ageMs: null },
    // While a1 was sent, nobody can say what was right; a2 was open throughout.
    { from: 990, to: 1_010, ageMs: 490 },
    { from: 1_050, to: 1_060, ageMs: 500 },
    { from: 1_090, to: 1_110, ageMs: 0 },
    { from: 1_051, to: 1_061, ageMs: NaN },
  ];
  const verdict = judge(history(journal, stream, { lag }));
  expect(verdict.lag).toEqual({
    readings: 7,
    held: 5,
    unknown: 1,
    understated: [
      { at: 700, said: 580, atLeast: 600 },
      { at: 1_050, said: 500, atLeast: 550 },
      { at: 1_051, said: NaN, atLeast: 551 },
    ],
  });
  expect(verdict.violations).toEqual([expect.stringContaining('lag understated: 3')]);
});

test('a run with too few hand-overs, partial failures or lost answers is void, and says which', () => {
  const kind = judge(history([committed('a1')], ['a1'], { partialFailures: 19, lostAnswers: 0, lag: [] }));
  expect(kind.void).toEqual([
    '0 hand-overs, at least 20 are needed',
    '0 times at which buckets changed hands, at least 20 are needed',
    '19 partial failures, at least 20 are needed',
    '0 lost answers, at least 20 are needed',
    '0 readings of the lag that an event was held against, at least 20 are needed',
  ]);
});

test('twenty buckets of one relay that ended are twenty hand-overs, at one time: such a run is void too', () => {
  const all = (epoch: number) => Array.from({ length: 64 }, () => ({ owner: `relay ${epoch}`, epoch }));
  const once = [0, 10].map((from, index) => ({ from, to: from + 1, leases: all(1 + index) }));
  expect(judge(history([], [], { leases: once }))).toMatchObject({ handOvers: 64, takeOvers: 1 });
  expect(judge(history([], [], { leases: once })).void).toContain(
    '1 times at which buckets changed hands, at least 20 are needed',
  );
  const often = Array.from({ length: 21 }, (_, index) => ({
    from: index * 10,
    to: index * 10 + 1,
    leases: all(1 + index),
  }));
  expect(judge(history([], [], { leases: often })).void.join()).not.toContain('hand');
});

test('readings that all said unknown, or met nothing pending, show nothing of the lag: void', () => {
  const journal = [committed('a1')];
  const lag = Array.from({ length: 30 }, () => ({ from: 10, to: 20, ageMs: null }));
  const open = [record('a1', { at: 100 })];
  expect(judge(history(journal, open, { lag })).void.join()).toContain('0 readings of the lag');
  const late = lag.map(() => ({ from: 200, to: 210, ageMs: 0 }));
  expect(judge(history(journal, open, { lag: late })).void.join()).toContain('0 readings of the lag');
  const good = lag.map(() => ({ from: 10, to: 20, ageMs: 15 }));
  expect(judge(history(journal, open, { lag: good })).void.join()).not.toContain('lag');
});

test('what was to go wrong and never could be done makes the run void', () => {
  const deeds = { done: { 'kill-relay': 3 }, failed: { 'kill-relay': 1, 'restart-database': 2 } };
  expect(neverDone(deeds)).toEqual(['restart-database was tried and could not be done, 2 times of 2']);
});

test('an event whose key or number is not what was written was made up, and what was written is there or lost', () => {
  const { aborted, lost } = judge(
    history([committed('a1')], [{ ...record('a1'), events: [{ key: 'a', n: 2, id: 'a1' }] }]),
  );
  expect(aborted).toEqual([{ key: 'a', n: 2, id: 'a1' }]);
  expect(ids(lost)).toEqual(['a1']);
});

test('an event in a record of another key is a violation: no shard keeps their order together', () => {
  const stray = { ...record('a1b1') };
  expect(judge(history([committed('a1', 'b1')], [stray])).violations).toEqual([
    'events in a record of another key: 1, first {"key":"b","n":1,"id":"b1"}',
  ]);
});

test('a request with two records of one key is a violation, whether or not it did harm', () => {
  expect(judge(history([committed('a1')], ['a1'], { twoOfAKey: 2 })).violations).toEqual([
    'requests with two records of one key: 2',
  ]);
});
