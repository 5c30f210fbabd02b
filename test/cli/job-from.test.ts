import { expect, test } from 'vitest';
import { jobFrom } from '../../cli/parked/job-from.ts';

const ids = ['1', '2'];
const [some, none] = [() => true, () => false];

test('many events are redriven by the relays where these run jobs; fewer, named ones and others only here', () => {
  expect(jobFrom({ ids: [], job: undefined, runsJobs: some })).toBe(1_000);
  expect(jobFrom({ ids: [], job: undefined, runsJobs: none })).toBe(Infinity);
  expect(jobFrom({ ids, job: undefined, runsJobs: some })).toBe(Infinity);
});

test('--job and --no-job decide; ids are never a job', () => {
  expect(jobFrom({ ids: [], job: true, runsJobs: none })).toBe(1);
  expect(jobFrom({ ids: [], job: false, runsJobs: some })).toBe(Infinity);
  expect(() => jobFrom({ ids, job: true, runsJobs: some })).toThrow('--job goes with --all');
});
