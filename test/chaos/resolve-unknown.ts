import type { Numbered, Written } from './history.ts';

export interface Resolved {
  readonly committed: readonly Numbered[];
  /** Ids of events that were undone. */
  readonly undone: ReadonlySet<string>;
  /** Transactions of which the numbers don't tell: only others that are unknown too had the same ones, or nobody came after. */
  readonly open: readonly Written[];
}

/**
 * Finds out what became of transactions whose COMMIT got no answer. A key's numbers are taken under the lock of its row
 * and have no gaps: where a committed event has one of a transaction's numbers, the transaction was undone; where a
 * later number of the key is committed and nobody else had this one, it was committed. A transaction is one or the other as a whole. Pure.
 */
export function resolveUnknown(journal: readonly Written[]): Resolved {
  const ofOutcome = (outcome: Written['outcome']) => journal.filter((written) => written.outcome === outcome);
  const committed = ofOutcome('committed').flatMap(({ events }) => events);
  const undone = new Set(ofOutcome('undone').flatMap(({ events }) => events.map(({ id }) => id)));
  const taken = new Set(committed.map(nameOf));
  const highest = new Map<string, number>();
  const reach = ({ key, n }: Numbered) => void highest.set(key, Math.max(n, highest.get(key) ?? 0));
  committed.forEach(reach);

  let open = ofOutcome('unknown');
  for (let before = Infinity; open.length < before;) {
    before = open.length;
    const claims = Map.groupBy(
      open.flatMap(({ events }) => events),
      nameOf,
    );
    open = open.filter(({ events }) => {
      if (events.some((event) => taken.has(nameOf(event)))) {
        for (const { id } of events) undone.add(id);
        return false;
      }
      const followed = ({ key, n }: Numbered) => n < (highest.get(key) ?? 0);
      if (!events.some((event) => followed(event) && claims.get(nameOf(event))!.length === 1)) return true;
      for (const event of events) {
        committed.push(event);
        taken.add(nameOf(event));
        reach(event);
      }
      return false;
    });
  }
  return { committed, undone, open };
}

export const nameOf = ({ key, n }: Numbered): string => `${n} ${key}`;
