/** The Redis channel on which writers say that they have committed events; the relays listen to it. */
export const HINT_CHANNEL = 'banyan:outbox:hint';

/** Publishes a message in a channel of the relays' Redis. */
export type Publish = (channel: string, message: string) => unknown;

/** Who takes hints: a client of the relays' Redis (ioredis, node-redis), a function that publishes, or a relay of this process. */
export type HintTarget = Publish | { readonly publish: Publish } | { readonly wake: () => void };

/** A hint that nobody has answered for so long is lost. Milliseconds. */
const LOST_AFTER = 5_000;

/**
 * Makes the function that tells the relays, after a commit, that there is something to send. They look into the outbox
 * at once then, else within their `poll`: a hint may get lost and is never needed. Before the commit it is of no use,
 * as there is nothing to see yet.
 *
 * The function returns at once, never throws, and may be called however often: while a hint is on its way those that
 * come become one, which goes after it. So a Redis that is away costs a writer nothing, and queues nothing up.
 */
export function createHint(target: HintTarget): () => void {
  const tell = tellerOf(target);
  let sentAt: number | undefined;
  let again = false;

  function hint(): void {
    const now = performance.now();
    again = sentAt !== undefined && now - sentAt < LOST_AFTER;
    if (again) return;
    sentAt = now;
    const over = () => {
      if (sentAt !== now) return;
      sentAt = undefined;
      if (again) hint();
    };
    void tell().then(over, over);
  }
  return hint;
}

// Async, so that what throws at once becomes a rejection too.
function tellerOf(target: HintTarget): () => Promise<unknown> {
  if (typeof target === 'function') return async () => target(HINT_CHANNEL, '1');
  if ('wake' in target) return async () => target.wake();
  return async () => target.publish(HINT_CHANNEL, '1');
}
