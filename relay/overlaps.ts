import type { OutboxRow } from '../outbox/envelope.ts';
import { recordOverlap } from '../outbox/record-overlap.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';

/** Keys whose last settled event is remembered: some megabytes. */
const MOST_KEYS = 50_000;
/** Milliseconds between two overlaps that are logged and written down; all are counted. */
const PAUSE = 1_000;

export interface OverlapParts {
  readonly database: Database;
  readonly log: Log;
  readonly count: () => void;
  /** Default `PAUSE`. */
  readonly pause?: number | undefined;
}

export type Overlaps = ReturnType<typeof watchOverlaps>;

/**
 * Finds keys whose events were appended by transactions that overlapped without a lock on the aggregate. A claim takes
 * a key's pending rows from the first one on, so a row that turns up with a lower id than one of its key that is settled
 * already wasn't visible then: it was appended before and committed after. Seen without asking the database anything; what
 * another relay settled isn't known here, so that some go unseen.
 *
 * Events with a number are in order by it. Replays come late by intent, and so do events that were passed over by the
 * policy *skip* and sent again; of these the relay remembers what it has passed over itself; one that
 * another relay passed over is taken for an overlap.
 */
export function watchOverlaps({ database, log, count, pause = PAUSE }: OverlapParts) {
  const last = new Map<string, number>();
  const passedOver = new Map<string, Set<number>>();
  let nextTold = 0;

  function tell(row: OutboxRow, later: number): void {
    count();
    const now = performance.now();
    if (now < nextTold) return;
    nextTold = now + pause;
    const told = { key: row.partition_key, type: row.type, earlier: row.id, later };
    log.warn(told, 'events of a key were appended by overlapping transactions: docs/outbox.md, "Order"');
    recordOverlap(database, told).catch((error: unknown) =>
      log.warn({ err: error }, 'an overlap could not be written down'),
    );
  }
  return {
    /** It is written down that the event is acknowledged, or was left out by its translation. */
    settled(key: string, id: number | string): void {
      const known = Math.max(last.get(key) ?? 0, Number(id));
      // To the end of the line: the key that was quiet for longest is forgotten first.
      last.delete(key);
      last.set(key, known);
      if (last.size > MOST_KEYS) last.delete(last.keys().next().value!);
    },
    parked(key: string, id: number | string): void {
      passedOver.set(key, (passedOver.get(key) ?? new Set()).add(Number(id)));
      if (passedOver.size > MOST_KEYS) passedOver.delete(passedOver.keys().next().value!);
    },
    /** Rows that were claimed just now. */
    look(rows: readonly OutboxRow[]): void {
      for (const row of rows) {
        const later = last.get(row.partition_key);
        if (later === undefined || Number(row.id) >= later) continue;
        const numbered = row.sequence !== null && row.sequence !== undefined;
        if (numbered || row.replay || passedOver.get(row.partition_key)?.has(Number(row.id))) continue;
        tell(row, later);
      }
    },
  };
}
