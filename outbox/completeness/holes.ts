import { createHash } from 'node:crypto';
import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';

/** An event that was not acknowledged, and that nothing will send any more. */
export interface Hole {
  /** `unsent`: settled and not sent. `vanished`: a pending row that was deleted. `missing`: a number without a row. */
  readonly kind: 'unsent' | 'vanished' | 'missing';
  readonly key: string;
  readonly id: number | string | null;
  readonly eventId: string | null;
  readonly type: string | null;
  /** In words, what was found. */
  readonly told: string;
  /** The window of its append, in milliseconds since 1970; null when that isn't known. */
  readonly windowFrom: number | null;
}

/** Writes holes down; one that is known stays as it is. */
export async function writeHoles(database: Database, holes: readonly Hole[]): Promise<void> {
  for (const { kind, key, id, eventId, type, told, windowFrom } of holes) {
    const name = createHash('sha256')
      .update(id === null ? `${kind} ${key} ${told}` : `row ${id} ${eventId}`)
      .digest('hex');
    await runStatement(
      database,
      `INSERT INTO banyan_outbox_completeness_hole (hole, kind, window_from, outbox_id, event_id, type, partition_key, told)
       VALUES (?, ?, ${windowFrom === null ? 'NULL' : 'FROM_UNIXTIME(? / 1000)'}, ?, ?, ?, ?, ?)
           ON DUPLICATE KEY UPDATE found_at = found_at`,
      [name, kind, ...(windowFrom === null ? [] : [windowFrom]), id, eventId, type, key, told.slice(0, 500)],
    );
  }
}
