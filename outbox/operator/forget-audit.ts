import type { Database } from '../../runtime/database.ts';
import type { PurgePage } from '../purge.ts';
import { runStatement } from '../run-statement.ts';

/** Milliseconds that the audit of what was done by hand is kept, 365 days. */
export const AUDIT_KEPT = 365 * 86_400_000;

/**
 * Deletes the entries of the audit older than `keep` milliseconds, looking at `size` of them at most after id `after`. They
 * are found without locks and deleted by primary key. Where a skipped event stands there still, its entry stays, too:
 * the event is found by it. Entries are written nearly in the order of their times, so that one that is young ends it.
 */
export async function forgetAuditPage(
  database: Database,
  {
    after,
    size,
    keep = AUDIT_KEPT,
  }: { readonly after: number | string; readonly size: number; readonly keep?: number },
): Promise<PurgePage> {
  const { rows } = await runStatement<{ id: number | string; old: number; needed: number }>(
    database,
    `SELECT a.id, a.at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND AS old,
            a.action = 'skipped' AND EXISTS (SELECT 1 FROM banyan_outbox o
                                              WHERE o.id = a.outbox_id AND o.outcome = 'skipped') AS needed
       FROM banyan_outbox_audit a FORCE INDEX (PRIMARY) WHERE a.id > ? ORDER BY a.id LIMIT ?`,
    [keep * 1_000, after, size],
  );
  const last = rows.at(-1);
  const next = rows.length < size || last?.old !== 1 ? undefined : last.id;
  const due = rows.filter(({ old, needed }) => old === 1 && needed === 0).map(({ id }) => id);
  if (due.length === 0) return { deleted: 0, next };
  const { affected } = await runStatement(
    database,
    `DELETE a FROM (SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(due.length - 1)}) v
       STRAIGHT_JOIN banyan_outbox_audit a ON a.id = v.id`,
    due,
  );
  return { deleted: affected, next };
}
