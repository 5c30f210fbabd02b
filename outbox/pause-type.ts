import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/** A pause of an event type; times by the database's clock, UTC. */
export interface Pause {
  readonly type: string;
  readonly paused_at: string;
  readonly paused_by: string;
  readonly reason: string;
  /** Null while it is in force. */
  readonly resumed_at: string | null;
  readonly resumed_by: string | null;
}

const DUPLICATE = 1062;
const COLUMNS = 'type, paused_at, paused_by, reason, resumed_at, resumed_by';

/** The pauses in force. */
export async function readPauses(database: Database): Promise<Pause[]> {
  const { rows } = await runStatement<Pause>(
    database,
    `SELECT ${COLUMNS} FROM banyan_outbox_pause WHERE active IS NOT NULL ORDER BY type`,
  );
  return rows;
}

/** The last pauses, those that are over among them; the latest first. */
export async function readPauseHistory(database: Database, limit: number): Promise<Pause[]> {
  const { rows } = await runStatement<Pause>(
    database,
    `SELECT ${COLUMNS} FROM banyan_outbox_pause ORDER BY id DESC LIMIT ?`,
    [limit],
  );
  return rows;
}

/** Pauses a type; one that is paused already keeps its reason. Returns whether it was this call. */
export async function pauseType(
  database: Database,
  type: string,
  reason: string,
  by: string,
): Promise<boolean> {
  try {
    // No INSERT IGNORE: it would also cut what is too long.
    await runStatement(
      database,
      'INSERT INTO banyan_outbox_pause (type, reason, paused_by) VALUES (?, ?, ?)',
      [type, first(reason, 500), first(by, 190)],
    );
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === DUPLICATE) return false;
    throw error;
  }
}

function first(text: string, most: number): string {
  return [...text].slice(0, most).join('');
}
