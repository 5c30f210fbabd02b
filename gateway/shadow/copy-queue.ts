import { backoff } from '../../runtime/backoff.ts';

/** Why a sampled read was not compared: no place in the queue, or too long in it; an upstream that is away; nobody knows who is calling; no room for bodies; a comparison that was lost; a stop. */
export const DROPS = ['queue', 'late', 'paused', 'identity', 'room', 'thread', 'stopped'] as const;
export type Drop = (typeof DROPS)[number];

/** Something that waits to be sent. */
export interface QueuedCopy {
  /** Sends it. `done` is called once, with whether an answer came; undefined where nobody waited for it any more. */
  send(done: (answered: boolean | undefined) => void): void;
  /** It won't be sent. */
  drop(why: Drop): void;
}

/** A bounded queue in front of an upstream that may be slow or away. */
export interface CopyQueue {
  /** While the upstream is taken for dead: nothing is sent, and nothing waits. */
  paused(): boolean;
  /** Sends it now or later, or drops it. */
  offer(copy: QueuedCopy): void;
  close(): void;
}

export interface CopyQueueOptions {
  /** Copies that may wait. */
  readonly queue: number;
  /** Copies under way. */
  readonly concurrency: number;
  /** Milliseconds that a copy may wait: what it is compared with gets old. */
  readonly timeout: number;
  readonly now?: () => number;
  /** Milliseconds of the pause after so many failures in a row. */
  readonly pause?: (failures: number) => number;
}

/** Failures in a row after which an upstream is taken for dead. */
const DEAD = 5;

/** From 1 s to 30 s and more, longer with each probe that fails. */
function pauseAfter(failures: number): number {
  return 1_000 * Math.min(30, 2 ** (failures - DEAD)) + backoff(0, { base: 500 });
}

/**
 * Five failures in a row make a pause, in which all copies are dropped and what waits, too. After it one copy is sent to
 * see whether the upstream is back; the next pause is longer if it isn't.
 */
export function openCopyQueue({
  queue: room,
  concurrency,
  timeout,
  now = () => performance.now(),
  pause = pauseAfter,
}: CopyQueueOptions): CopyQueue {
  let waiting: { copy: QueuedCopy; since: number }[] = [];
  let underWay = 0;
  let failures = 0;
  let paused = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const dropAll = (why: Drop) => {
    const dropped = waiting;
    waiting = [];
    for (const { copy } of dropped) copy.drop(why);
  };
  const finished = (answered: boolean | undefined) => {
    underWay -= 1;
    if (answered !== undefined) failures = answered ? 0 : failures + 1;
    if (answered === false && failures >= DEAD && !paused && !closed) {
      paused = true;
      timer = setTimeout(() => (paused = false), pause(failures));
      timer.unref();
      dropAll('paused');
    }
    while (!paused && waiting.length > 0 && mayGo()) {
      const { copy, since } = waiting.shift()!;
      if (now() - since > timeout) copy.drop('late');
      else start(copy);
    }
  };
  /** A probe goes alone. */
  const mayGo = () => underWay < (failures >= DEAD ? 1 : concurrency);
  const start = (copy: QueuedCopy) => {
    underWay += 1;
    let over = false;
    copy.send((answered) => {
      if (over) return;
      over = true;
      finished(answered);
    });
  };
  return {
    paused: () => paused,
    offer(copy) {
      if (closed) copy.drop('stopped');
      else if (paused) copy.drop('paused');
      else if (mayGo()) start(copy);
      else if (failures >= DEAD) copy.drop('paused');
      else if (waiting.length >= room) copy.drop('queue');
      else waiting.push({ copy, since: now() });
    },
    close() {
      closed = true;
      clearTimeout(timer);
      dropAll('stopped');
    },
  };
}
