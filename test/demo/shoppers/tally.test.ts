import { expect, it } from 'vitest';
import { createTally, fallbackIn, observe, openStage } from '../../../demo/shoppers/tally.ts';
import { steppedIn } from '../../../demo/story/tell.ts';
import { FALLBACKS, fallbackFields } from '../../../gateway/fallback.ts';

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

it("counts a read that the monolith answered in the service's place for no stage, and tells of it", () => {
  const tally = createTally();
  const stage = openStage('100 %', 100);
  tally.stage = stage;
  expect(steppedIn(tally)).toBeUndefined();
  for (const [side, fallback] of [
    ['inventory-service'],
    ['monolith', 'failed'],
    ['monolith', 'failed'],
  ] as const)
    observe(tally, stage, { ...read('anna', side), read: { cohort: 'anna', side, fallback } });
  expect([...stage.cohorts]).toEqual([['anna', new Map([['inventory-service', 1]])]]);
  expect(tally).toMatchObject({ reads: 3, readsOnService: 1 });
  expect(steppedIn(tally)).toBe("The monolith answered 2 reads in the service's place: failed 2");
});

it.each(Object.entries(FALLBACKS))("knows the gateway's fallback %s by its Server-Timing", (cause, words) => {
  const [, timing] = fallbackFields({ shed: { cause } } as Parameters<typeof fallbackFields>[0]);
  expect(fallbackIn(`total;dur=3, ${timing}`)).toBe(words);
  expect(fallbackIn(undefined)).toBeUndefined();
});
