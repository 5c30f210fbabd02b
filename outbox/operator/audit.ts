import type { Connection, Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';

/** Who does something by hand, and why. */
export interface Author {
  /** `ann@ops-1`; 190 characters are kept. */
  readonly actor: string;
  /** 1,000 characters are kept. */
  readonly reason?: string | undefined;
}

/**
 * What became of an event: made pending again, given up, passed over by policy, its data overwritten. Or of a replay or a
 * redrive: no more of it is done; its name stands in place of the event's, and the number of the row is 0.
 */
export type AuditedAction = 'redriven' | 'discarded' | 'skipped' | 'erased' | 'cancelled';

export interface AuditedEvent {
  readonly id: number | string;
  readonly eventId: string;
  readonly type: string;
  readonly key: string;
  /** What it was before, say. Never anything of its data. */
  readonly detail?: string | undefined;
}

/** One line of the audit. Times are text in UTC. */
export interface AuditEntry {
  readonly id: number | string;
  readonly at: string;
  readonly actor: string;
  readonly action: AuditedAction;
  readonly event: number | string;
  readonly eventId: string;
  readonly type: string;
  readonly key: string;
  readonly reason: string | null;
  readonly detail: string | null;
}

/** Writes down what the caller's transaction does to these events; it commits or fails with it. */
export async function audit(
  connection: Connection,
  action: AuditedAction,
  events: readonly AuditedEvent[],
  { actor, reason }: Author,
): Promise<void> {
  if (events.length === 0) return;
  await connection.query(
    `INSERT INTO banyan_outbox_audit (actor, action, outbox_id, event_id, type, partition_key, reason, detail)
     VALUES ${events.map(() => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
    events.flatMap(({ id, eventId, type, key, detail }) => [
      ...[first(actor, 190), action, id, eventId, type, key],
      ...[reason === undefined ? null : first(reason, 1_000), detail ?? null],
    ]),
  );
}

/** The latest entries, the latest first. */
export async function readAudit(
  database: Database,
  { key, limit }: { readonly key?: string | undefined; readonly limit: number },
): Promise<AuditEntry[]> {
  const { rows } = await runStatement<AuditEntry>(
    database,
    `SELECT id, at, actor, action, outbox_id AS event, event_id AS eventId, type, partition_key AS \`key\`, reason, detail
       FROM banyan_outbox_audit ${key === undefined ? '' : 'WHERE CAST(partition_key AS BINARY) = ?'}
      ORDER BY id DESC LIMIT ?`,
    [...(key === undefined ? [] : [Buffer.from(key)]), limit],
  );
  return rows;
}

/** Whole characters, as the column counts them. */
function first(text: string, most: number): string {
  return [...text].slice(0, most).join('');
}
