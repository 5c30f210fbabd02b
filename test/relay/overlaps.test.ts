import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { OutboxRow } from '../../outbox/envelope.ts';
import type { Database } from '../../runtime/database.ts';
import { watchOverlaps } from '../../relay/overlaps.ts';

const row = (key: string, id: number, more: Partial<OutboxRow> = {}) =>
  ({ partition_key: key, id, type: 'T', sequence: null, replay: null, ...more }) as OutboxRow;

function watch() {
  const seen: string[] = [];
  let count = 0;
  const overlaps = watchOverlaps({
    // What is written down needs a server; what is told doesn't.
    database: {} as Database,
    log: pino({}, { write: (line: string) => void seen.push(line) }),
    count: () => (count += 1),
    pause: 60_000,
  });
  return { ...overlaps, counted: () => count, told: () => seen.filter((line) => line.includes('"earlier"')) };
}

test('only a lower id than one that is settled is an overlap, of the same key', () => {
  const it = watch();
  it.settled('a', 5);
  it.settled('a', 3);
  it.look([row('a', 6), row('b', 1), row('a', 5)]);
  expect(it.counted()).toBe(0);
  it.look([row('a', 4)]);
  expect(it.counted()).toBe(1);
});

test('events with a number, replays and what was parked come late without having overlapped', () => {
  const it = watch();
  it.parked('a', 2);
  it.settled('a', 5);
  it.look([row('a', 1, { sequence: 1 }), row('a', 1, { replay: 'r' }), row('a', 2)]);
  expect(it.counted()).toBe(0);
});

test('all are counted, few are told', () => {
  const it = watch();
  it.settled('a', 50);
  it.look(Array.from({ length: 20 }, (_, id) => row('a', id + 1)));
  expect(it.counted()).toBe(20);
  expect(it.told()).toHaveLength(1);
});

test('the key that was quiet for longest is forgotten first', () => {
  const it = watch();
  it.settled('old', 5);
  for (let key = 0; key < 50_000; key++) it.settled(`k${key}`, 5);
  it.look([row('old', 1)]);
  expect(it.counted()).toBe(0);
  it.look([row('k0', 1)]);
  expect(it.counted()).toBe(1);
});
