import { expect, test } from 'vitest';
import { endToEnd, type EndToEndSources } from '../../control-plane/lag/end-to-end.ts';

const T = 1_790_000_000_000;
const reading = (ago: number, missing: string[] = []) => ({
  ...{ outbox: 'shop', missing },
  oldest: new Date(T - ago).toISOString(),
});
const of = (changes: Partial<EndToEndSources>) =>
  endToEnd({
    ...{ expected: true, told: { since: T, reading: reading(4_000) }, databaseTime: T, now: T },
    ...changes,
  });
const unknown = { endToEndState: 'unknown', endToEndMs: null };

test('the age is counted by the database alone, whatever this clock says', () => {
  expect(of({})).toEqual({ endToEndState: 'known', endToEndMs: 4_000 });
  expect(of({ now: T - 3_600_000 })).toEqual({ endToEndState: 'known', endToEndMs: 4_000 });
});

test('it grows while a consumer is silent', () => {
  expect(of({ databaseTime: T + 30_000, now: T + 30_000 })).toMatchObject({ endToEndMs: 34_000 });
});

test('missing, or of the future, is unknown, and so it is while the database can not be read', () => {
  expect(of({ told: { since: T, reading: reading(0, ['bucket 7', 'shard-1']) } })).toEqual({
    ...unknown,
    problem: 'no heartbeat for a minute or more through bucket 7, shard-1',
  });
  expect(of({ told: { since: T, reading: reading(-1_001) } })).toMatchObject(unknown);
  expect(of({ databaseTime: undefined })).toEqual(unknown);
});

test('a consumer that has seen none is unknown after a minute, and not before', () => {
  const told = { since: T, reading: undefined };
  expect(of({ told, now: T + 60_000 })).toEqual({ endToEndState: 'none', endToEndMs: null });
  expect(of({ told, now: T + 60_001 })).toMatchObject(unknown);
});

test('nothing is measured where no heartbeats are sent', () => {
  expect(of({ expected: false })).toEqual({ endToEndState: 'none', endToEndMs: null });
});

test('a consumer that has not reported is unknown', () => {
  expect(of({ told: undefined })).toEqual(unknown);
});
