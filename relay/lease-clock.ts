/**
 * Milliseconds that have passed, by whichever of the monotonic and the wall clock went further: the monotonic
 * one stands still while a machine is suspended, the wall clock can be set back. It may run fast, never slow,
 * so a lease measured with it can only seem to end early.
 */
export function leaseClock(): () => number {
  let passed = 0;
  let monotonic = performance.now();
  let wall = Date.now();
  return () => {
    const [nowMonotonic, nowWall] = [performance.now(), Date.now()];
    passed += Math.max(nowMonotonic - monotonic, nowWall - wall, 0);
    [monotonic, wall] = [nowMonotonic, nowWall];
    return passed;
  };
}
