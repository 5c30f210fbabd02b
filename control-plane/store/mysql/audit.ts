import type { KillRecord } from '../../../contexts/index.ts';
import { Prisma, type Audit } from '../prisma-client/client.ts';
import type { AuditedKill, AuditEntry, ReadsAndWrites } from '../snapshot-store.ts';

type Tx = Prisma.TransactionClient;

/** The time is the database's. */
export async function addAudit(tx: Tx, entry: Omit<AuditEntry, 'at'>): Promise<void> {
  const before = entry.before && JSON.stringify(entry.before);
  const after = JSON.stringify(entry.kill ? { kill: entry.kill } : entry.after);
  await tx.$executeRaw`
    INSERT INTO banyan_audit (revision, actor, action, context, \`before\`, \`after\`, reason)
    VALUES (${BigInt(entry.revision)}, ${entry.actor}, ${entry.action}, ${entry.context}, ${before}, ${after}, ${entry.reason})`;
}

/**
 * A kill or a release, once: whoever tells of it again finds it by its id, which stands in `after` as that has no stages
 * to hold. The caller has the control row locked.
 */
export async function addKill(
  tx: Tx,
  { action, gateway, context, by, reason, id, at, consent }: KillRecord,
  revision: number,
): Promise<void> {
  const [known] = await tx.$queryRaw<unknown[]>`
    SELECT id FROM banyan_audit WHERE context = ${context} AND action = ${action}
    AND JSON_UNQUOTE(JSON_EXTRACT(\`after\`, '$.kill.id')) = ${id} LIMIT 1`;
  if (known) return;
  await addAudit(tx, {
    ...{ revision, actor: by, action, context, before: null, after: null, reason },
    kill: { id, gateway, at, consent },
  });
}

interface AuditRow extends Omit<Audit, 'id' | 'at'> {
  readonly at: unknown;
}

/** The newest first. The times come as seconds since 1970, which no session time zone bends. */
export async function readAudit(
  prisma: Pick<Tx, '$queryRaw'>,
  context: string | undefined,
  limit: number,
): Promise<AuditEntry[]> {
  const rows = await prisma.$queryRaw<AuditRow[]>`
    SELECT revision, UNIX_TIMESTAMP(at) AS at, actor, action, context, \`before\`, \`after\`, reason
    FROM banyan_audit ${context === undefined ? Prisma.empty : Prisma.sql`WHERE context = ${context}`}
    ORDER BY id DESC LIMIT ${limit}`;
  return rows.map((row): AuditEntry => ({
    revision: Number(row.revision),
    at: new Date(Number(row.at) * 1_000).toISOString(),
    actor: row.actor,
    action: row.action as AuditEntry['action'],
    context: row.context,
    before: row.before === null ? null : (JSON.parse(row.before) as ReadsAndWrites),
    ...afterOf(JSON.parse(row.after) as ReadsAndWrites | { kill: AuditedKill } | null),
    reason: row.reason,
  }));
}

function afterOf(written: ReadsAndWrites | { kill: AuditedKill } | null): Pick<AuditEntry, 'after' | 'kill'> {
  return written && 'kill' in written ? { after: null, kill: written.kill } : { after: written };
}
