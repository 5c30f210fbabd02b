import { expect, it } from 'vitest';
import { createTally, observe, openStage } from '../../../demo/shoppers/tally.ts';

const read = (cohort: string, side: string, expected = true) => ({
  request: 'GET /inventory/banyan',
  result: expected ? 200 : 502,
  expected,
  milliseconds: 3,
  read: { cohort, side },
});

it('counts a read for the stage that was in force from its beginning to its end', () => {
  const tally = createTally();
  const stage = openStage('10 %', 10);
  tally.stage = stage;
  observe(tally, stage, read('anna', 'monolith'));
  observe(tally, stage, read('anna', 'monolith'));
  observe(tally, stage, read('bert', 'inventory-service'));
  expect([...stage.cohorts]).toEqual([
    ['anna', new Map([['monolith', 2]])],
    ['bert', new Map([['inventory-service', 1]])],
  ]);
});

it('counts a read that a toggle overtook for no stage, but as a request', () => {
  const tally = createTally();
  const before = openStage('10 %', 10);
  const after = openStage('50 %', 50);
  tally.stage = after;
  observe(tally, before, read('anna', 'monolith'));
  observe(tally, undefined, read('anna', 'monolith'));
  expect([before.cohorts.size, after.cohorts.size, tally.requests]).toEqual([0, 0, 2]);
});

it('counts every answer that nobody expected, and keeps the first hundred', () => {
  const tally = createTally();
  for (let index = 0; index < 150; index += 1) observe(tally, undefined, read('anna', 'monolith', false));
  expect(tally.failed).toBe(150);
  expect(tally.failures).toEqual(Array(100).fill('GET /inventory/banyan: 502'));
});
