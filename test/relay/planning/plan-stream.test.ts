import { expect, test } from 'vitest';
import { planStream, type Load } from '../../../relay/planning/plan-stream.ts';
import { LIST_PRICES } from '../../../relay/planning/stream-prices.ts';

const KiB = 1_024;
const MiB = 1_048_576;
const load: Load = { rate: 5_000, size: 1.2 * KiB, keys: 1_000, roundTrip: 50, consumers: 1, use: 1 };
const plan = (changed: Partial<Load>, mode: string, packing: string) =>
  planStream({ ...load, ...changed }, LIST_PRICES).find(
    (one) => one.mode === mode && one.packing === packing,
  )!;

// By hand: 5,000 × 1.2 KiB = 5.86 MiB/s, 5,000 records/s: 6 shards by bytes.
// 6 × 0.015 × 730 = 65.70; 5,000 × 2,628,000 s = 13,140 M units × 0.014 = 183.96.
test('provisioned: the greater of records and bytes, shard hours and a unit for each 25 KB of a record', () => {
  const found = plan({}, 'provisioned', 'none');
  expect(found).toMatchObject({ shards: 6, recordsPerSecond: 5_000, eventsPerRecord: 1, notes: [] });
  expect(found.bytesPerSecond / MiB).toBeCloseTo(5.859, 3);
  expect(found.monthly).toBeCloseTo(65.7 + 183.96, 2);
  // 30 KiB are two units, 2.93 MiB/s are three shards: 3 × 10.95 + 100 × 2 × 2.628 M × 0.014 / M = 32.85 + 7.3584.
  expect(plan({ rate: 100, size: 30 * KiB }, 'provisioned', 'none')).toMatchObject({ shards: 3 });
  expect(plan({ rate: 100, size: 30 * KiB }, 'provisioned', 'none').monthly).toBeCloseTo(40.2084, 4);
});

// By hand: 2 KiB billed × 5,000 × 2,628,000 s = 25,062.56 GiB × 0.08 = 2,005.00; read 1.2 KiB: 15,037.5 × 0.04 = 601.50; 29.20.
test('on-demand: each record rounded up to a KB going in, its own size going out, and the hours of the stream', () => {
  const found = plan({}, 'on-demand', 'none');
  expect(found.monthly).toBeCloseTo(2_005 + 601.5 + 29.2, 0);
  expect(found.notes).toEqual([expect.stringContaining('twice the peak')]);
  expect(plan({ rate: 500 }, 'on-demand', 'none').notes).toEqual([]);
});

// By hand: 5 events a second and key × 0.05 s = 0.25; 0.25 + e^-0.25 = 1.0288 events a record.
test('packing does little where a key seldom has a second event under way, and much where it has', () => {
  expect(plan({}, 'provisioned', 'same-key').eventsPerRecord).toBeCloseTo(1.0288, 4);
  // 10 keys: 500 × 0.05 = 25 events a record, 200 records a second, 6 shards by bytes still.
  const hot = plan({ keys: 10 }, 'provisioned', 'same-key');
  expect(hot.eventsPerRecord).toBeCloseTo(25, 4);
  expect(hot.recordsPerSecond).toBeCloseTo(200, 2);
  expect(hot.notes).toEqual([]);
  // 25 × (1,228.8 + 8) + 84 = 31,004 bytes: two units.
  expect(hot.monthly).toBeCloseTo(hot.shards * 10.95 + (200 * 2 * 2.628 * 14) / 1_000, 2);
  expect(plan({ rate: 100_000, size: 100, keys: 1 }, 'provisioned', 'same-key').eventsPerRecord).toBe(256);
});

test('on-demand, packing costs nothing more where hardly anything is packed', () => {
  const unpacked = plan({}, 'on-demand', 'none').monthly;
  expect(plan({}, 'on-demand', 'same-key').monthly / unpacked).toBeCloseTo(1, 1);
});

test('what no number of shards can carry is said: a key that is too hot, an event that is too large', () => {
  expect(plan({ keys: 10 }, 'provisioned', 'none').notes).toEqual([
    'a key has 500 events a second, and 20 can be acknowledged: the lag grows without end',
  ]);
  expect(plan({ keys: 1 }, 'provisioned', 'same-key').notes.join()).toContain('no number of shards helps');
  expect(plan({ rate: 1, size: 2 * MiB }, 'provisioned', 'none').notes.join()).toContain(
    'larger than a record',
  );
});

test('what an account may not have yet is said', () => {
  expect(plan({ rate: 500_000 }, 'provisioned', 'none').notes.join()).toContain(
    '586 shards: many accounts may have 500',
  );
  expect(plan({ rate: 400_000 }, 'provisioned', 'none').notes.join()).not.toContain('accounts');
  expect(plan({ rate: 200_000 }, 'on-demand', 'none').notes.join()).toContain('more than 200 MB a second');
  expect(plan({ rate: 150_000 }, 'on-demand', 'none').notes.join()).not.toContain('200 MB');
});

test('several consumers share what a shard gives, and a shard is not planned full', () => {
  expect(plan({ consumers: 4 }, 'provisioned', 'none').shards).toBe(12);
  expect(plan({ use: 0.75 }, 'provisioned', 'none').shards).toBe(8);
});
