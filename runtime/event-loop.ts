import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How late the event loop came to what was due, in seconds, and the share of the time that it worked, 0 to 1. */
export interface EventLoopReading {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly utilization: number;
}

export interface EventLoop {
  /**
   * Of the last whole window, or of the first one while that is under way. `max` is of the one under way as well, so that
   * whoever reads once in a window misses nothing.
   */
  reading(): EventLoopReading;
  stop(): void;
}

/** Milliseconds between two looks of Node's own timer, which are in every one of its readings. */
const RESOLUTION = 10;
/** Milliseconds. A reading doesn't begin a new window: several readers would take each other's away. */
const WINDOW = 30_000;

/** Watches this thread's event loop until it is stopped. It keeps no process alive. */
export function watchEventLoop(window = WINDOW): EventLoop {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  delays.enable();
  let began = performance.eventLoopUtilization();
  let last: EventLoopReading | undefined;
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1e3);
  const underWay = (): EventLoopReading => ({
    p50: late(delays.percentile(50)),
    p99: late(delays.percentile(99)),
    max: late(delays.max),
    utilization: performance.eventLoopUtilization(began).utilization,
  });
  const timer = setInterval(() => {
    last = underWay();
    delays.reset();
    began = performance.eventLoopUtilization();
  }, window).unref();
  return {
    reading() {
      const now = underWay();
      return last ? { ...last, max: Math.max(last.max, now.max) } : now;
    },
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}
