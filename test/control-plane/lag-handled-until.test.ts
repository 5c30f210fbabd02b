import { expect, test } from 'vitest';
import type { ConsumerReading } from '../../control-plane/lag/consumer-reports.ts';
import { keepOutboxHistory, type OutboxAt } from '../../control-plane/lag/handled-until.ts';

/** The database's clock is a minute ahead of this process'. */
const AHEAD = 60_000;
const all = (_type: string) => true;

/** A look at the outbox that began at `at`, and took `took` milliseconds. */
function look(at: number, types: OutboxAt['types'] = [], took = 20): OutboxAt {
  return { databaseTime: at + took + AHEAD, askedAt: at, readAt: at + took, types };
}
const pending = (type: string, oldestAgeMs: number | null): OutboxAt['types'][number] => ({
  ...{ type, pending: 1, oldestAgeMs, parked: 0, oldestParkedAgeMs: null },
});
const parked = (type: string, oldestParkedAgeMs: number): OutboxAt['types'][number] => ({
  ...{ type, pending: 0, oldestAgeMs: null, parked: 1, oldestParkedAgeMs },
});
const consumer = (consumerLagMs: number): ConsumerReading => ({
  ...{ consumerState: 'known', consumerLagMs, seenAgoMs: 0 },
});

function at(now: number, looks: readonly OutboxAt[], keep = 60_000) {
  const history = keepOutboxHistory(keep, () => now);
  for (const one of looks) history.add(one);
  return (reading: ConsumerReading, belongs = all) => history.handledAgo(belongs, reading);
}

test('an empty outbox is handled as of the last look at it that the consumer has read past', () => {
  const ago = at(10_000, [look(7_000), look(8_000), look(9_000)]);
  // Read to 9,900: the look at 9,000 counts, for a little more than what it took.
  expect(ago(consumer(100))).toBe(1_020);
  // Read to 8,500: what left the outbox between 8,000 and 9,000 may not have been read.
  expect(ago(consumer(1_500))).toBe(2_020);
  expect(ago(consumer(2_999))).toBe(3_020);
});

test('what waits in the outbox is as old as it is, though the consumer is up to date', () => {
  const ago = at(10_000, [look(9_000, [pending('StockAdjusted', 600_000)])]);
  expect(ago(consumer(100))).toBeGreaterThanOrEqual(601_000);
  expect(ago(consumer(100), (type) => type === 'OrderPlaced')).toBe(1_020);
  expect(at(10_000, [look(9_000, [parked('StockAdjusted', 5_000)])])(consumer(100))).toBeGreaterThan(5_999);
});

test('what has just left the outbox isn’t lost from sight: its look counts until the consumer has read that far', () => {
  const before = look(8_000, [pending('StockAdjusted', 120_000)]);
  const ago = at(10_000, [before, look(9_000)]);
  expect(ago(consumer(1_500))).toBeGreaterThan(121_000);
  expect(ago(consumer(900))).toBe(1_020);
});

test('nobody knows before the first look, of a consumer that is unknown, or when a clock was set back', () => {
  expect(at(10_000, [])(consumer(0))).toBeUndefined();
  expect(at(10_000, [look(9_000)])(consumer(5_000))).toBeUndefined();
  const unknown = { consumerState: 'unknown', consumerLagMs: null, seenAgoMs: null } as const;
  expect(at(10_000, [look(9_000)])(unknown)).toBeUndefined();
  expect(at(10_000, [look(9_000, [pending('A', null)])])(consumer(100))).toBeUndefined();
});

test('a look that took long counts from when it began', () => {
  expect(at(10_000, [look(7_000, [], 2_500)])(consumer(100))).toBeGreaterThanOrEqual(3_000);
});

test('old looks are forgotten', () => {
  expect(at(10_000, [look(1_000), look(9_500)], 5_000)(consumer(2_000))).toBeUndefined();
});
