import { expect, test } from 'vitest';
import { formatFigures } from '../../cli/format-figures.ts';

test('figures are told by name, done and total together', () => {
  expect(formatFigures({ done: 3, total: 9, parked: 1, note: null })).toBe('3 of 9, parked 1');
  expect(formatFigures({ done: 3, total: null })).toBe('3');
  expect(formatFigures({ buckets: 64, deleted: 0 })).toBe('buckets 64, deleted 0');
});

test('without figures there is a dash', () => {
  expect(formatFigures(null)).toBe('–');
  expect(formatFigures({})).toBe('–');
});
