import { expect, test } from 'vitest';
import { isProof, told } from './report.ts';
import type { ChaosReport } from './run.ts';
import { judge } from './verdict.ts';

const enough = { partialFailures: 20, lostAnswers: 20, twoOfAKey: 0 };
const well = {
  ...judge({ journal: [], stream: [], leases: [], lag: [], ...enough }),
  violations: [],
  void: [],
};
const report = (found: Partial<ChaosReport>): ChaosReport => ({
  ...well,
  seed: 42,
  minutes: 15,
  asked: { database: 'mysql', rate: 800 },
  database: '9.7.0',
  deeds: { 'kill-relay': 3 },
  drainedAfter: 10,
  stuck: 0,
  rate: 750,
  ...found,
});

test('a run is a proof when nothing is broken, nothing stuck, and enough went wrong', () => {
  expect(isProof(report({}))).toBe(true);
  expect(told(report({}))).not.toMatch(/VIOLATION|VOID|STUCK|Replay/);
  expect(isProof(report({ violations: ['lost: 1'] }))).toBe(false);
  expect(isProof(report({ stuck: 1 }))).toBe(false);
  expect(isProof(report({ void: ['19 hand-overs, at least 20 are needed'] }))).toBe(false);
});

test('a void run says so, and why', () => {
  const { void: why } = judge({ journal: [], stream: [], leases: [], lag: [], ...enough, lostAnswers: 19 });
  const text = told(report({ void: why }));
  expect(text).toContain('VOID: 0 hand-overs, at least 20 are needed');
  expect(text).toContain('VOID: 19 lost answers, at least 20 are needed');
});

test('a run that failed ends with the command that does the same again, without a password', () => {
  const failed = report({ violations: ['lost: 1'] });
  expect(told(failed).split('\n').at(-1)).toBe(
    'Replay: npm run chaos -- --minutes 15 --seed 42 --rate 800 --database mysql',
  );
  const without = told({ ...failed, asked: { ...failed.asked, without: 3 } });
  expect(without).toMatch(/--database mysql --without 3$/);
  const database = 'mysql://root:secret@127.0.0.1:3307';
  const given = told({ ...failed, asked: { ...failed.asked, database } });
  expect(given).toContain('--database mysql://root:…@127.0.0.1:3307');
});
