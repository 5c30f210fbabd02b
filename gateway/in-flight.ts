import type { Decision } from '../contexts/index.ts';

/** Counts what is under way: all requests, and writes per context, which a move of writes must see end. */
export interface InFlight {
  begin(decision: Decision): void;
  end(decision: Decision): void;
  total(): number;
  /** Contexts with at least one write under way. */
  writes(): Record<string, number>;
}

export function countInFlight(): InFlight {
  let total = 0;
  const writes = new Map<string, number>();
  const add = ({ kind, context }: Decision, step: 1 | -1) => {
    total += step;
    if (kind !== 'write' || context === undefined) return;
    const now = (writes.get(context) ?? 0) + step;
    if (now === 0) writes.delete(context);
    else writes.set(context, now);
  };
  return {
    begin: (decision) => add(decision, 1),
    end: (decision) => add(decision, -1),
    total: () => total,
    writes: () => Object.fromEntries(writes),
  };
}
