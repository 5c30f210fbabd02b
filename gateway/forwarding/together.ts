import type { Connections } from './forwarder.ts';

/** The connections of two forwarders to one upstream. */
export function together(one: Connections, other: Connections): Connections {
  return {
    open: one.open + other.open,
    busy: one.busy + other.busy,
    waiting: one.waiting + other.waiting,
  };
}
