import { expect, test } from 'vitest';
import { streamUntil } from '../../cli/erase/stream-until.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-29T00:00:00Z');
const given = { now, lastAcknowledged: now - 2 * day, retention: 7 * day, kept: 7 * day };
const dayOf = (options: Parameters<typeof streamUntil>[0]) => {
  const found = streamUntil(options);
  return 'until' in found ? [found.until.toISOString().slice(0, 10), found.because] : found;
};

test('what was sent stays for the retention after the last of it', () => {
  expect(dayOf(given)).toEqual(['2026-12-04', 'last']);
});

test('where the stream keeps for longer than the outbox, what was purged may be there for longer', () => {
  expect(dayOf({ ...given, lastAcknowledged: undefined, retention: 30 * day })).toEqual([
    '2026-12-22',
    'purged',
  ]);
  expect(dayOf({ ...given, retention: 30 * day })).toEqual(['2026-12-27', 'last']);
});

test('what is past its retention is gone; without a retention nobody knows', () => {
  expect(dayOf({ ...given, retention: day })).toEqual({ kind: 'gone' });
  expect(dayOf({ ...given, lastAcknowledged: undefined })).toEqual({ kind: 'gone' });
  expect(dayOf({ ...given, retention: 'denied' })).toEqual({ kind: 'unknown', why: 'denied' });
});
