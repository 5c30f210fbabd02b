import { expect, test, vi } from 'vitest';
import { leaseClock } from '../../relay/lease-clock.ts';
import { pollPause } from '../../relay/poll-pause.ts';
import { requestSize } from '../../relay/request-size.ts';

test('the outbox is looked into at once after a full read, soon after a find, and less and less while idle', () => {
  expect(pollPause(250, { found: 50, full: true, took: 5, poll: 250 })).toBe(0);
  expect(pollPause(250, { found: 1, full: false, took: 5, poll: 250 })).toBe(10);
  const pauses = [10];
  while (pauses.length < 7)
    pauses.push(pollPause(pauses.at(-1)!, { found: 0, full: false, took: 5, poll: 250 }));
  expect(pauses).toEqual([10, 20, 40, 80, 160, 250, 250]);
});

test('a request that was too large is halved, and grows again with answers', () => {
  const size = requestSize(1_600_000);
  size.shrink(1_000_000);
  expect(size.current()).toBe(500_000);
  size.grow();
  expect(size.current()).toBe(600_000);
  for (let answers = 0; answers < 20; answers++) size.grow();
  expect(size.current()).toBe(1_600_000);
  for (let refusals = 0; refusals < 20; refusals++) size.shrink(size.current());
  expect(size.current()).toBe(65_536);
});

test('the lease clock follows whichever clock went further, and never goes back', () => {
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  const wall = vi.spyOn(Date, 'now').mockReturnValue(50_000);
  const clock = leaseClock();
  monotonic.mockReturnValue(1_100);
  wall.mockReturnValue(50_100);
  expect(clock()).toBe(100);
  // Suspended: the monotonic clock stood still.
  wall.mockReturnValue(55_100);
  expect(clock()).toBe(5_100);
  // The wall clock was set back.
  wall.mockReturnValue(0);
  expect(clock()).toBe(5_100);
  monotonic.mockReturnValue(1_150);
  expect(clock()).toBe(5_150);
  vi.restoreAllMocks();
});
