import { expect, test } from 'vitest';
import { lagHistoryTable } from '../../cli/lag-history-table.ts';
import { sparkline, type Spark } from '../../cli/sparkline.ts';
import { composeHistory } from '../../control-plane/lag/lag-history.ts';

test('zero alone is flat, the greatest is the tallest; unknown and missing look like no figure', () => {
  expect(sparkline([0, 1, 50, 100, 'unknown', 'missing', 0], 60)).toBe('▁▂▅█?·▁');
  expect(sparkline([0, 0], 60)).toBe('▁▁');
  expect(sparkline(['missing', 'missing'], 60)).toBe('··');
});

test('with more figures than places each place is its worst, and missing where nothing else is', () => {
  const sparks: Spark[] = [0, 100, 'missing', 50, 'missing', 'missing', 1, 'unknown', 0, 0];
  expect(sparkline(sparks, 5)).toBe('█▅·?▁');
});

test('minutes without a sample are gaps in every line, and a part that is unknown makes the total unknown', () => {
  const end = Date.parse('2026-11-28T12:00:00Z');
  const sample = (ago: number, context: string, pending: number | null, oldestAgeMs: number | null) => ({
    ...{ minute: end - ago * 60_000, context, pending, oldestAgeMs, parked: 0 },
  });
  const history = composeHistory(
    {
      end,
      samples: [
        ...[sample(4, 'orders', 2, 500), sample(4, '', 1, 2_000), sample(3, 'orders', 0, 0)],
        ...[sample(1, 'orders', null, null), sample(1, '', 1, 30_000)],
      ],
    },
    { minutes: 4, names: ['stock'] },
  );
  const missing = { sampled: false, pending: null, oldestAgeMs: null, parked: null };
  expect(history).toMatchObject({
    ...{ from: '2026-11-28T11:56:00.000Z', to: '2026-11-28T12:00:00.000Z' },
    contexts: [
      { name: 'stock', minutes: Array.from({ length: 4 }, () => missing) },
      {
        name: 'orders',
        minutes: [
          { at: '2026-11-28T11:56:00.000Z', sampled: true, pending: 2, oldestAgeMs: 500 },
          { sampled: true, pending: 0, oldestAgeMs: 0 },
          missing,
          { sampled: true, pending: null, oldestAgeMs: null },
        ],
      },
    ],
    total: {
      minutes: [
        { pending: 3, oldestAgeMs: 2_000 },
        { pending: 0, oldestAgeMs: 0 },
        missing,
        { sampled: true, pending: null, oldestAgeMs: null },
      ],
    },
  });
  expect(lagHistoryTable(history, undefined)).toBe(`\
lag from 2026-11-28T11:56Z to 2026-11-28T12:00Z; a place is 1 min, its worst

context     oldest      most     last  pending  parked  unknown  not sampled
stock         ····         –        –        –       –    0 min        4 min
orders        █▁·?  ≥ 500 ms  unknown      ≥ 2       0    1 min        1 min
unassigned    ▂··█    30.0 s   30.0 s        1       0    0 min        2 min
total         █▁·?   ≥ 2.0 s  unknown      ≥ 3       0    1 min        1 min

? nobody could tell   · nobody looked
`);
});
