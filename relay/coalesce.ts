/** Asks for work that is worth doing soon, and once for all who ask meanwhile. */
export interface Coalesced {
  ask(): void;
  /** Nothing is done any more. */
  stop(): void;
}

/**
 * Does `work` at once when it is asked for, and then no more than once in `every` milliseconds: whatever is asked in
 * that time is done together at its end. So an ask is always followed by work that began after it.
 */
export function coalesce(work: () => void, every: number): Coalesced {
  let timer: NodeJS.Timeout | undefined;
  let [asked, stopped] = [false, false];

  function run(): void {
    asked = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (asked) run();
    }, every);
    work();
  }
  return {
    ask() {
      asked = true;
      if (timer === undefined && !stopped) run();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
