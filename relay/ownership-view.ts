import type { OutboxRow } from '../outbox/envelope.ts';
import type { Ownership } from '../outbox/ownership.ts';

/** What this relay knows of the aggregate types that move between its outbox and another one. */
export interface OwnershipView {
  /** What the database says now. */
  learn(found: readonly Ownership[]): void;
  /** Whether events of this key may be sent. */
  sends(key: string): boolean;
  /** Aggregate types that are the other outbox's still: nothing of them is claimed. */
  readonly awaited: readonly string[];
  /** Why a row that was appended here can't be sent from here any more; undefined when it can. */
  refusal(row: Pick<OutboxRow, 'aggregate_type'>): string | undefined;
}

export function createOwnershipView(): OwnershipView {
  let known = new Map<string, Ownership>();
  return {
    learn: (found) => void (known = new Map(found.map((one) => [one.aggregateType, one]))),
    sends: (key) => known.size === 0 || !known.has(key.slice(0, key.indexOf(':'))),
    get awaited() {
      return [...known.values()]
        .filter(({ state }) => state === 'awaited')
        .map(({ aggregateType }) => aggregateType);
    },
    refusal({ aggregate_type: type }) {
      const found = known.get(type);
      return found?.state === 'given'
        ? `events of '${type}' are ${found.peer}'s since ${found.since}: sent from here it would overtake`
        : undefined;
    },
  };
}
