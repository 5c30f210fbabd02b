/**
 * When a relay leaves its buckets to the others: while it can't reach the stream and they perhaps can. Pure but
 * for the clock; times in milliseconds.
 *
 * It leaves after three to six leases of failures alone, and only while another relay is alive. Drawn at random, so
 * that of several relays that all fail one leaves first, and the last stays and goes on trying. It comes back when a
 * probe reaches the stream, or when no other relay is left. A probe isn't a send: where sending fails again, it
 * stays away twice as long each time, until Kinesis answers it.
 */
export interface StandAside {
  /** Tells what became of a request: whether Kinesis answered it. */
  tried(answered: boolean): void;
  /** Whether to have no buckets now, with so many other relays alive; to be asked before each look at the leases. */
  aside(others: number): boolean;
  /** As `aside` answered last, unless a probe reached the stream since. */
  readonly away: boolean;
  /** Whether it is time to probe. */
  probeDue(): boolean;
  /** Tells what became of a probe. */
  probed(reached: boolean): void;
}

/** Longest time away before the next probe, in leases. */
const LONGEST = 60;

export function standAside(
  lease: number,
  { now = () => performance.now(), random = Math.random }: { now?: () => number; random?: () => number } = {},
): StandAside {
  let failingSince: number | undefined;
  let patience = 0;
  let away = false;
  let [pause, probeAt] = [lease, 0];

  function comeBack(): void {
    if (away) [away, failingSince] = [false, undefined];
  }

  return {
    tried(answered) {
      if (answered) {
        failingSince = undefined;
        pause = lease;
      } else if (failingSince === undefined) {
        failingSince = now();
        patience = lease * (3 + 3 * random());
      }
    },
    aside(others) {
      if (others === 0) comeBack();
      else if (!away && failingSince !== undefined && now() - failingSince > patience) {
        away = true;
        probeAt = now() + pause;
        pause = Math.min(pause * 2, lease * LONGEST);
      }
      return away;
    },
    get away() {
      return away;
    },
    probeDue: () => away && now() >= probeAt,
    probed(reached) {
      if (reached) comeBack();
    },
  };
}
