import { expect, test } from 'vitest';
import { lagTable } from '../../cli/lag-table.ts';
import { lagIsGood } from '../../cli/lag-verdict.ts';
import type { LagReport } from '../../control-plane/index.ts';

const figures = { pending: 0, parked: 0, oldestAgeMs: null, oldestParkedAgeMs: null, rateIn: 0, rateOut: 0 };
const none = {
  consumerState: 'none',
  consumerLagMs: null,
  endToEndState: 'none',
  endToEndMs: null,
} as const;

/** What a consumer holds. */
const HELD = { waiting: 2, oldestWaitingMs: 900, parked: 1, oldestParkedMs: 1_000 };

function report(change: Partial<LagReport> = {}): LagReport {
  return {
    at: '2026-11-24T05:00:00.000Z',
    contexts: [{ name: 'orders', ...figures, ...none, consumer: null, consumerSeenAgoMs: null }],
    total: { ...figures, ...none },
    heartbeatMs: 10_000,
    unassigned: { types: [], ...figures },
    openTransaction: { state: 'none' },
    backfillDue: [],
    relays: [],
    problems: [],
    ...change,
  };
}
const total = (change: Partial<LagReport['total']>) => report({ total: { ...figures, ...none, ...change } });

test('the lag is good when all is known and nothing is too old', () => {
  expect(lagIsGood(report(), 1_000)).toBe(true);
  expect(lagIsGood(total({ pending: 3, oldestAgeMs: 1_000 }), 1_000)).toBe(true);
  expect(lagIsGood(total({ consumerState: 'known', consumerLagMs: 900 }), 1_000)).toBe(true);
  expect(lagIsGood(total({ endToEndState: 'known', endToEndMs: 11_000 }), 1_000)).toBe(true);
  expect(lagIsGood(total({ consumerHeld: HELD }), 1_000)).toBe(true);
  const nothing = { waiting: 0, oldestWaitingMs: null, parked: 0, oldestParkedMs: null };
  expect(lagIsGood(total({ consumerHeld: nothing }), 1_000)).toBe(true);
});

test.each<[string, LagReport]>([
  ['a heartbeat is late', total({ endToEndState: 'known', endToEndMs: 11_001 })],
  ['a pending event is too old', total({ pending: 1, oldestAgeMs: 1_001 })],
  ['a parked event is too old', total({ parked: 1, oldestParkedAgeMs: 1_001 })],
  ['the age of a pending event is unknown', total({ pending: 1, oldestAgeMs: null })],
  ['the outbox is unknown', total({ pending: null, parked: null })],
  ['a consumer lags too much', total({ consumerState: 'known', consumerLagMs: 1_001 })],
  ['a consumer is unknown', total({ consumerState: 'unknown' })],
  ['an event waits for a number for too long', total({ consumerHeld: { ...HELD, oldestWaitingMs: 1_001 } })],
  ['a consumer parked an event too long ago', total({ consumerHeld: { ...HELD, oldestParkedMs: 1_001 } })],
  ['a consumer that keeps numbers can’t say what it holds', total({ consumerHeld: null })],
  [
    'a transaction has been open for too long',
    report({ openTransaction: { state: 'open', thread: 1, ageMs: 1_001, events: 1 } }),
  ],
  ['nobody knows about open transactions', report({ openTransaction: { state: 'unknown', reason: 'why' } })],
  ['there is any problem', report({ problems: ['relay: none seen for 12 s'] })],
])('the lag is not good when %s', (_, bad) => {
  expect(lagIsGood(bad, 1_000)).toBe(false);
});

test('the table says unknown, never zero, for what nobody knows', () => {
  const table = lagTable(
    total({ pending: null, parked: null, rateIn: null, rateOut: null, consumerState: 'unknown' }),
  );
  expect(table).toMatch(/^total +unknown +unknown +\? +\? +unknown +unknown +– +–$/m);
});

test.each<[string, LagReport['total']['consumerHeld']]>([
  ['2 (900 ms), 1 (1.0 s) parked', HELD],
  ['2 (900 ms)', { ...HELD, parked: 0, oldestParkedMs: null }],
  ['0, 1 (1.0 s) parked', { ...HELD, waiting: 0, oldestWaitingMs: null }],
  ['0', { waiting: 0, oldestWaitingMs: null, parked: 0, oldestParkedMs: null }],
  ['unknown', null],
])('the table says what consumers hold: %s', (cell, consumerHeld) => {
  const lines = lagTable(total({ consumerHeld: consumerHeld! })).split('\n');
  const ends = lines.find((line) => line.startsWith('context'))!.indexOf('held') + 'held'.length;
  expect(lines.find((line) => line.startsWith('total'))!.slice(0, ends)).toMatch(
    new RegExp(` ${cell.replace(/[()]/g, '\\$&')}$`),
  );
});
