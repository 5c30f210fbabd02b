import { expect, test } from 'vitest';
import { streamUntil } from '../../cli/erase/stream-until.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-29T00:00:00Z');
const given = { now, acknowledged: now - 2 * day, unsure: undefined, retention: 7 * day, kept: 7 * day };
const dayOf = (options: Parameters<typeof streamUntil>[0]) => {
  const found = streamUntil(options);
  return 'until' in found ? [found.until.toISOString().slice(0, 10), found.because] : found;
};

test('what was sent stays for the retention after the last of it', () => {
  expect(dayOf(given)).toEqual(['2026-12-04', 'last']);
});

test('where the stream keeps for longer than the outbox, what was purged may be there for longer', () => {
  expect(dayOf({ ...given, acknowledged: undefined, retention: 30 * day })).toEqual(['2026-12-22', 'purged']);
  expect(dayOf({ ...given, retention: 30 * day })).toEqual(['2026-12-27', 'last']);
});

test('what is past its retention is gone; without a retention nobody knows', () => {
  expect(dayOf({ ...given, retention: day })).toEqual({ kind: 'gone' });
  expect(dayOf({ ...given, acknowledged: undefined })).toEqual({ kind: 'gone' });
  expect(dayOf({ ...given, retention: 'denied' })).toEqual({ kind: 'unknown', why: 'denied' });
});

test('what was pending when it was erased may have been sent', () => {
  expect(dayOf({ ...given, acknowledged: undefined, unsure: now })).toEqual(['2026-12-06', 'unsure']);
  expect(dayOf({ ...given, unsure: now - 3 * day })).toEqual(['2026-12-04', 'last']);
  expect(dayOf({ ...given, unsure: now - 8 * day, retention: day })).toEqual({ kind: 'gone' });
});
