import type { RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../../runtime/database.ts';
import { withConnection } from '../../runtime/with-connection.ts';

/** Who does something by hand, and why. */
export interface InboxAuthor {
  /** `ann@ops-1`; 190 characters are kept. */
  readonly actor: string;
  /** 1,000 characters are kept. */
  readonly reason?: string | undefined;
}

/** A key went on past missing numbers; a parked event is to be handled after all, or was given up; a held one was erased. */
export type InboxAction = 'passed' | 'handled' | 'skipped' | 'erased';

/** One line of the audit. Times are text in UTC. */
export interface InboxAuditEntry {
  readonly id: number | string;
  readonly at: string;
  readonly actor: string;
  readonly action: InboxAction;
  readonly application: string;
  readonly key: string;
  readonly detail: string;
  readonly reason: string | null;
}

/** Writes down what the caller's transaction does; it commits or fails with it. */
export async function auditInbox(
  tx: Connection,
  action: InboxAction,
  {
    application,
    key,
    detail,
  }: { readonly application: string; readonly key: string; readonly detail: string },
  { actor, reason }: InboxAuthor,
): Promise<void> {
  await tx.query(
    `INSERT INTO banyan_inbox_audit (actor, action, application, partition_key, detail, reason)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [
      ...[first(actor, 190), action, application, key, first(detail, 500)],
      reason === undefined ? null : first(reason, 1_000),
    ],
  );
}

/** The latest first. */
export function readInboxAudit(database: Database, limit: number): Promise<InboxAuditEntry[]> {
  return withConnection(
    database,
    async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT id, at, actor, action, application, partition_key AS \`key\`, detail, reason
           FROM banyan_inbox_audit ORDER BY id DESC LIMIT ?`,
        [limit],
      );
      return rows as InboxAuditEntry[];
    },
    { what: 'reading the audit of the inbox' },
  );
}

/** Whole characters, as the column counts them. */
function first(text: string, most: number): string {
  return [...text].slice(0, most).join('');
}
