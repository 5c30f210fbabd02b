import { expect, test } from 'vitest';
import { keepHeldEvents } from '../../consumer/held-events.ts';
import { openProgress } from '../../consumer/progress.ts';

const nothing = { events: 0, oldestSeconds: 0, recorded: undefined };
const reading = (recorded?: number) => ({
  gap: recorded === undefined ? nothing : { events: 1, oldestSeconds: 5, recorded },
  known: nothing,
  ready: [],
});

test('without numbers nothing is held, and nothing is unknown', () => {
  const held = keepHeldEvents(false);
  expect(held.counts()).toMatchObject({ gap: { events: 0 }, known: { events: 0 } });
  expect([held.oldest(), held.problem()]).toEqual([undefined, undefined]);
});

test('what is held is unknown until it was read, and when that is too long ago', () => {
  let now = 1_000;
  const held = keepHeldEvents(true, () => now);
  expect(held.problem()).toMatch(/has not been read/);
  expect(held.counts()).toBeUndefined();
  held.look()(reading());
  expect([held.problem(), held.counts()?.gap.events]).toEqual([undefined, 0]);
  now += 20_001;
  expect(held.problem()).toMatch(/could not be read from the inbox for 20001 ms/);
  expect(held.counts()).toBeUndefined();
});

test('the admin API is told how much is held, and for how long as of now; null is unknown, undefined no numbers', () => {
  let now = 1_000;
  const held = keepHeldEvents(true, () => now);
  expect([keepHeldEvents(false).figures(), held.figures()]).toEqual([undefined, null]);
  held.look()(reading(700));
  now += 300;
  expect(held.figures()).toEqual({
    ...{ waiting: 1, oldestWaitingMs: 5_300, parked: 0, oldestParkedMs: null },
  });
  now += 20_000;
  expect(held.figures()).toBeNull();
});

test('an event counts from when it is held, also when a look had begun before and did not see it', () => {
  const held = keepHeldEvents(true, () => 1_000);
  held.look()(reading(700));
  held.add(500);
  expect(held.oldest()).toBe(500);
  const take = held.look();
  held.add(600);
  take(reading());
  expect(held.oldest()).toBe(600);
  held.look()(reading());
  expect(held.oldest()).toBeUndefined();
});

test('the lag is no less than the age of what is held, and unknown when that is', () => {
  let now = 1_000;
  const held = keepHeldEvents(true, () => now);
  const progress = openProgress(60_000, () => now, held);
  progress.begin('shard');
  progress.read('shard', { startedAt: now, behindMs: 0, full: false, oldest: undefined, newest: undefined });
  progress.unlisted(false);
  expect(progress.lag()).toEqual({ lagMs: null, reason: expect.stringContaining('held') });
  held.look()(reading(-9_000));
  expect(progress.lag()).toEqual({ lagMs: 10_000 });
  now += 20_001;
  expect(progress.lag().lagMs).toBeNull();
});
