import { expect, onTestFinished, test } from 'vitest';
import { watchEventLoop } from '../../runtime/event-loop.ts';
import { until } from '../support/until.ts';

function watched(window?: number) {
  const eventLoop = watchEventLoop(window);
  onTestFinished(() => eventLoop.stop());
  return eventLoop;
}

/** Lets nobody else have the thread. */
function hold(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('a thread that is held for 150 ms shows as such, without the 10 ms of the timer itself', async () => {
  const eventLoop = watched();
  const before = eventLoop.reading();
  expect([before.p50, before.p99, before.max].map(Number.isFinite)).toEqual([true, true, true]);
  // Its own timer has to have run once.
  await until('it looks', () => eventLoop.reading().p50 > 0 || eventLoop.reading().max > 0);
  hold(150);
  await until('the delay is noted', () => eventLoop.reading().max >= 0.13);
  expect(eventLoop.reading().p50).toBeLessThan(0.13);
});

test('a window that is over keeps its worst, for all who read, and is forgotten after the next one', async () => {
  const eventLoop = watched(300);
  await until('it looks', () => eventLoop.reading().max > 0);
  hold(200);
  await until('the delay is noted', () => eventLoop.reading().max >= 0.18);
  expect(eventLoop.reading().max).toBeGreaterThanOrEqual(0.18);
  await until('it is forgotten', () => eventLoop.reading().max < 0.18);
});

test('the share of the time that it works goes up with what it has to do', async () => {
  const eventLoop = watched(200);
  const working = setInterval(() => hold(20), 25);
  onTestFinished(() => clearInterval(working));
  await until('a window is over', () => eventLoop.reading().utilization > 0.6);
  clearInterval(working);
  await until('nothing to do', () => eventLoop.reading().utilization < 0.4);
});
