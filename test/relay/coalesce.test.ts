import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { coalesce } from '../../relay/coalesce.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first ask is answered at once, all that come within the time together at its end, and none is left over', () => {
  const work = vi.fn();
  const { ask } = coalesce(work, 5);
  ask();
  expect(work).toHaveBeenCalledTimes(1);
  ask();
  ask();
  vi.advanceTimersByTime(4);
  expect(work).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(work).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1_000);
  expect(work).toHaveBeenCalledTimes(2);
  ask();
  expect(work).toHaveBeenCalledTimes(3);
});

test('10,000 asks a second make 200 pieces of work, and an ask from within the work makes another', () => {
  let left = 1;
  const work = vi.fn(() => {
    if (left-- === 1) ask();
  });
  const { ask } = coalesce(work, 5);
  for (let asked = 0; asked < 10_000; asked++) {
    ask();
    if (asked % 10 === 9) vi.advanceTimersByTime(1);
  }
  expect(work).toHaveBeenCalledTimes(201);
});

test('after the stop nothing is done, neither what was asked before nor what is asked then', () => {
  const work = vi.fn();
  const { ask, stop } = coalesce(work, 5);
  ask();
  ask();
  stop();
  ask();
  vi.advanceTimersByTime(1_000);
  expect(work).toHaveBeenCalledTimes(1);
});
