import type { Caller } from './caller.ts';

/** What is known of sessions for a moment. */
export interface Sessions {
  /**
   * Who a session belongs to: as known, as somebody is asking already, or as `ask` says. It holds for `variant`, which
   * is everything besides the session that the answer may depend on, and for `cache` milliseconds from the question on.
   * A failure isn't kept.
   */
  of(
    session: string,
    variant: string,
    cache: number,
    ask: () => Promise<Caller>,
  ): { readonly caller: Promise<Caller>; readonly asked: boolean };
  /** Knows nothing of it any more; what is being asked isn't kept either. */
  forget(session: string): void;
  /** Asks anew for each request of it, and keeps nothing, until what it returns is called; then the same. */
  begin(session: string): () => void;
  count(): number;
}

interface Known {
  readonly variant: string;
  readonly until: number;
  readonly caller: Promise<Caller>;
}

/** Sessions that are known at a time: what is older than the rest goes first, and is asked for again. */
const MOST = 10_000;

export function openSessions(clock: () => number = () => performance.now(), most = MOST): Sessions {
  const known = new Map<string, Known>();
  const changing = new Map<string, number>();
  return {
    of(session, variant, cache, ask) {
      // While it is changed, an answer may be of before or of after: it is good for its own request alone.
      if (changing.has(session)) return { caller: ask(), asked: true };
      const now = clock();
      const found = known.get(session);
      if (found && found.variant === variant && now < found.until)
        return { caller: found.caller, asked: false };
      const caller = ask();
      const mine = { variant, until: now + cache, caller };
      known.delete(session);
      known.set(session, mine);
      if (known.size > most) known.delete(known.keys().next().value!);
      void caller.then(({ kind }) => {
        if (kind === 'failed' && known.get(session) === mine) known.delete(session);
      });
      return { caller, asked: true };
    },
    forget: (session) => void known.delete(session),
    begin(session) {
      changing.set(session, (changing.get(session) ?? 0) + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        known.delete(session);
        const left = changing.get(session)! - 1;
        if (left === 0) changing.delete(session);
        else changing.set(session, left);
      };
    },
    count: () => known.size,
  };
}
