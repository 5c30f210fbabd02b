import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { dataOf, inOrder, keyOf } from '../../bench/relay/events.ts';

const bench = async (script: string, args: string[]) => {
  const path = fileURLToPath(new URL(`../../bench/${script}`, import.meta.url));
  const given = ['--json', '--database', inject('databaseServer'), ...args];
  return JSON.parse((await promisify(execFile)(process.execPath, [path, ...given])).stdout);
};

// With --check a measurement in which an event is lost or overtaken fails.
// The others are the same measurement with other numbers, or take long whatever they measure.
test('the benchmark of the relay measures its scenarios, loses nothing and tells its figures', async () => {
  const tiny =
    '--rounds 1 --events 200 --keys 50 --history 1000 --seconds 1 --minute 1 --check --only hot,idle';
  const told = await bench('relay/main.ts', tiny.split(' '));
  expect(Object.keys(told.ratios)).toEqual([
    ...['unorderedCeiling', 'serialLoop', 'hotKey', 'history', 'historyHeldUp', 'shardLimit'],
  ]);
  expect(Object.keys(told.figures)).toEqual(['p99Ms', 'idleCpu']);
  const { unorderedCeiling, hotKey, ...others } = told.ratios;
  for (const figure of [unorderedCeiling, hotKey]) expect(figure).toBeGreaterThan(0);
  expect(Object.values(others)).toEqual([null, null, null, null]);
  expect(told.figures.idleCpu).toBeGreaterThanOrEqual(0);
  for (const { cpu, queriesPerEvent, rss } of told.rows)
    for (const { median } of [cpu, queriesPerEvent, rss]) expect(median).toBeGreaterThan(0);
}, 300_000);

test('the benchmark of an append tells the ratio of a transaction with one to the same without', async () => {
  const [told] = await bench('append.ts', ['--transactions', '20', '--rounds', '1']);
  expect(told.ratio.median).toBeCloseTo(told.with.median / told.without.median);
});

test('what was lost, overtaken or sent twice is found by the check', () => {
  const events = { first: 1, count: 40, keys: 3 };
  const all = Array.from({ length: 40 }, (_, index) => index + 1);
  const seen = (numbers: number[]) => numbers.map((n) => [`order:${keyOf(n, events)}`, n] as const);
  const mine = all.filter((n) => keyOf(n, events) === keyOf(1, events));
  expect(inOrder(seen(all), events)).toBe(0);
  expect(inOrder(seen([...all, 1]), events)).toBe(1);
  expect(() => inOrder(seen(all.toSpliced(39, 1)), events)).toThrow('lost');
  expect(() => inOrder(seen([mine[1]!, ...all]), events)).toThrow('out of order');
  expect(Buffer.byteLength(dataOf(99_999))).toBe(300);
});
