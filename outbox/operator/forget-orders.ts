import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';
import { AUDIT_KEPT } from './forget-audit.ts';

/** Forgets replays and redrives that have been over for as long as the audit is kept. There are few of them. */
export async function forgetOrders(database: Database, keep = AUDIT_KEPT): Promise<void> {
  for (const job of ['replay', 'redrive'])
    await runStatement(
      database,
      `DELETE FROM banyan_outbox_${job} WHERE state IN ('completed', 'cancelled')
          AND changed_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND LIMIT 500`,
      [keep * 1_000],
    );
}
