import { dropCapture, isCapturing } from '../../legacy-adapter/index.ts';
import { runStatement } from '../../outbox/run-statement.ts';
import type { Database } from '../../runtime/database.ts';

/** A capture of the configuration, as far as stopping it goes. */
export interface StoppableCapture {
  readonly name: string;
  readonly context?: string | undefined;
}

/**
 * Removes the triggers of all captures, and marks each that had any: what is written from then on is in no event. Marked
 * first, so that a crash in between marks too much and never too little. Returns the names of those that were stopped.
 */
export async function stopCaptures(
  database: Database,
  captures: readonly StoppableCapture[],
  bytes: number,
): Promise<string[]> {
  const stopped: string[] = [];
  for (const { name, context } of captures) {
    if (await isCapturing(database, name))
      await runStatement(
        database,
        'INSERT IGNORE INTO banyan_outbox_backfill_due (capture, context, bytes) VALUES (?, ?, ?)',
        [name, context ?? null, bytes],
      );
    // Asked of all: an account that may not see triggers may not drop them either, and this says so.
    if ((await dropCapture(database, name)).length > 0) stopped.push(name);
  }
  return stopped;
}

export interface BackfillDue {
  readonly capture: string;
  readonly context: string | null;
  /** In UTC. */
  readonly stoppedAt: string;
}

/** The captures that were stopped, and whose tables need a backfill. */
export async function readBackfillDue(database: Database, timeout?: number): Promise<BackfillDue[]> {
  const { rows } = await runStatement<BackfillDue>(
    database,
    'SELECT capture, context, stopped_at AS stoppedAt FROM banyan_outbox_backfill_due ORDER BY capture',
    [],
    timeout,
  );
  return rows;
}
